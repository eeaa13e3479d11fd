import { describe, expect, it } from 'vitest';
import {
  describeTensor,
  guessConvention,
  type Convention,
  type TensorDescription,
} from '../../../src/checkpoints/roles';

const describeOne = (name: string, shape: number[], more: Partial<TensorDescription> = {}) =>
  describeTensor({ name, shape, dtype: 'F32', bytes: 0, convention: 'torch', ...more });

/** As `kind/output axis/input axis`, with `!` where it is prunable. */
function summary(name: string, shape: number[], convention: Convention, more: Partial<TensorDescription> = {}): string {
  const { kind, outputAxis, inputAxis, prunable } = describeOne(name, shape, { convention, ...more });
  return `${kind ?? '-'}${prunable ? '!' : ''} ${outputAxis ?? '-'} ${inputAxis ?? '-'}`;
}

describe('what a tensor is, by the names that frameworks write', () => {
  it.each<[string, number[], string]>([
    // torchvision ResNet, VGG, MobileNet; akamaster ResNet-20
    ['conv1.weight', [64, 3, 7, 7], 'convolution! 0 1'],
    ['layer1.0.bn1.weight', [64], 'normalization - -'],
    ['layer1.0.bn1.bias', [64], 'bias - -'],
    ['layer2.0.downsample.0.weight', [128, 64, 1, 1], 'convolution! 0 1'],
    ['layer2.0.downsample.1.weight', [128], 'normalization - -'],
    ['module.fc.weight', [1000, 512], 'head! 0 1'],
    ['classifier.6.weight', [1000, 4096], 'dense! 0 1'],
    ['module.linear.weight', [10, 64], 'dense! 0 1'],
    ['fc1.weight', [300, 784], 'dense! 0 1'],
    ['fc2.weight', [1, 100], 'dense! 0 1'],
    ['features.0.0.weight', [32, 1, 3, 3], 'convolution! 0 1'],
    // timm ViT, ConvNeXt, Swin
    ['cls_token', [1, 1, 768], '- - -'],
    ['pos_embed', [1, 197, 768], 'embedding! - -'],
    ['patch_embed.proj.weight', [768, 3, 16, 16], 'convolution! 0 1'],
    ['blocks.0.norm1.weight', [768], 'normalization - -'],
    ['blocks.0.attn.qkv.weight', [2304, 768], 'attention! 0 1'],
    ['blocks.0.attn.proj.weight', [768, 768], 'attention! 0 1'],
    ['blocks.0.mlp.fc1.weight', [3072, 768], 'feed-forward! 0 1'],
    ['blocks.0.ls1.gamma', [768], 'normalization - -'],
    ['head.weight', [1000, 768], 'head! 0 1'],
    ['head.fc.weight', [1000, 768], 'head! 0 1'],
    ['stages.0.blocks.0.gamma', [96], 'normalization - -'],
    ['layers.0.blocks.0.attn.relative_position_bias_table', [169, 3], 'bias - -'],
    // BERT
    ['bert.embeddings.word_embeddings.weight', [30522, 768], 'embedding! 1 0'],
    ['bert.embeddings.LayerNorm.weight', [768], 'normalization - -'],
    ['bert.embeddings.LayerNorm.gamma', [768], 'normalization - -'],
    ['bert.encoder.layer.0.attention.self.query.weight', [768, 768], 'attention! 0 1'],
    ['bert.encoder.layer.0.attention.output.dense.weight', [768, 768], 'attention! 0 1'],
    ['bert.encoder.layer.0.attention.output.LayerNorm.weight', [768], 'normalization - -'],
    ['bert.encoder.layer.0.intermediate.dense.weight', [3072, 768], 'feed-forward! 0 1'],
    ['bert.encoder.layer.0.output.dense.weight', [768, 3072], 'feed-forward! 0 1'],
    ['bert.pooler.dense.weight', [768, 768], 'dense! 0 1'],
    ['cls.predictions.decoder.weight', [30522, 768], 'head! 0 1'],
    ['classifier.weight', [2, 768], 'head! 0 1'],
    ['qa_outputs.weight', [2, 768], 'head! 0 1'],
    ['distilbert.transformer.layer.0.attention.q_lin.weight', [768, 768], 'attention! 0 1'],
    ['distilbert.transformer.layer.0.ffn.lin1.weight', [3072, 768], 'feed-forward! 0 1'],
    // GPT-2: Conv1D is [inputs, outputs]; nanoGPT uses the same names for nn.Linear
    ['transformer.wte.weight', [50257, 768], 'embedding! 1 0'],
    ['wpe.weight', [1024, 768], 'embedding! 1 0'],
    ['transformer.h.0.ln_1.weight', [768], 'normalization - -'],
    ['transformer.h.0.attn.c_attn.weight', [768, 2304], 'attention! 1 0'],
    ['transformer.h.0.attn.c_proj.weight', [768, 768], 'attention! 1 0'],
    ['h.0.mlp.c_fc.weight', [768, 3072], 'feed-forward! 1 0'],
    ['h.0.mlp.c_proj.weight', [3072, 768], 'feed-forward! 1 0'],
    ['transformer.h.0.attn.c_attn.weight', [2304, 768], 'attention! 0 1'],
    ['visual.transformer.resblocks.0.mlp.c_fc.weight', [3072, 768], 'feed-forward! 0 1'],
    ['transformer.ln_f.weight', [768], 'normalization - -'],
    ['lm_head.weight', [50257, 768], 'head! 0 1'],
    // LLaMA, Mistral, Qwen, Mixtral
    ['model.embed_tokens.weight', [32000, 4096], 'embedding! 1 0'],
    ['model.layers.0.self_attn.q_proj.weight', [4096, 4096], 'attention! 0 1'],
    ['model.layers.0.self_attn.q_norm.weight', [128], 'normalization - -'],
    ['model.layers.0.mlp.gate_proj.weight', [11008, 4096], 'feed-forward! 0 1'],
    ['model.layers.0.input_layernorm.weight', [4096], 'normalization - -'],
    ['model.layers.0.post_attention_layernorm.weight', [4096], 'normalization - -'],
    ['model.layers.0.block_sparse_moe.experts.0.w1.weight', [14336, 4096], 'feed-forward! 0 1'],
    ['model.norm.weight', [4096], 'normalization - -'],
    ['layers.0.attention.wq.weight', [4096, 4096], 'attention! 0 1'],
    ['layers.0.feed_forward.w1.weight', [11008, 4096], 'feed-forward! 0 1'],
    ['tok_embeddings.weight', [32000, 4096], 'embedding! 1 0'],
    ['output.weight', [32000, 4096], 'head! 0 1'],
    // T5, CLIP, HF ViT, GPT-NeoX
    ['shared.weight', [32128, 512], 'embedding! 1 0'],
    ['encoder.block.0.layer.0.SelfAttention.q.weight', [512, 512], 'attention! 0 1'],
    ['encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight', [32, 8], 'bias - -'],
    ['encoder.block.0.layer.1.DenseReluDense.wi.weight', [2048, 512], 'feed-forward! 0 1'],
    ['positional_embedding', [77, 512], 'embedding! 1 0'],
    ['logit_scale', [], '- - -'],
    ['vit.embeddings.patch_embeddings.projection.weight', [768, 3, 16, 16], 'convolution! 0 1'],
    ['vit.encoder.layer.0.layernorm_before.weight', [768], 'normalization - -'],
    ['gpt_neox.layers.0.attention.query_key_value.weight', [6144, 2048], 'attention! 0 1'],
    ['gpt_neox.layers.0.mlp.dense_h_to_4h.weight', [8192, 2048], 'feed-forward! 0 1'],
    ['embed_out.weight', [50432, 2048], 'head! 0 1'],
    // torch.nn
    ['layers.0.self_attn.in_proj_weight', [1536, 512], 'attention! 0 1'],
    ['layers.0.self_attn.in_proj_bias', [1536], 'bias - -'],
    ['layers.0.self_attn.out_proj.weight', [512, 512], 'attention! 0 1'],
    ['layers.0.self_attn.bias_k', [1, 1, 512], 'bias - -'],
    ['encoder.layers.0.linear1.weight', [2048, 512], 'feed-forward! 0 1'],
    ['lstm.weight_ih_l0', [512, 128], 'dense! 0 1'],
    ['lstm.bias_hh_l0', [512], 'bias - -'],
    ['deconv1.weight', [64, 32, 4, 4], 'convolution! 1 0'],
    ['norm.weight', [64, 8, 8], 'normalization - -'],
    ['fc.weight_g', [10, 1], 'normalization - -'],
    ['hidden.weight_v', [10, 64], 'dense! 0 1'],
    ['prelu.weight', [1], 'normalization - -'],
    ['conv1d.weight', [32, 16, 5], 'convolution! 0 1'],
    // GGUF
    ['token_embd.weight', [32000, 4096], 'embedding! 1 0'],
    ['blk.0.attn_q.weight', [4096, 4096], 'attention! 0 1'],
    ['blk.0.attn_norm.weight', [4096], 'normalization - -'],
    ['blk.0.ffn_gate.weight', [11008, 4096], 'feed-forward! 0 1'],
    ['blk.0.ffn_down_exps.weight', [8, 4096, 14336], 'feed-forward! - -'],
    ['output_norm.weight', [4096], 'normalization - -'],
    ['output.weight', [32000, 4096], 'head! 0 1'],
    ['cls.weight', [768, 768], 'head! 0 1'],
    ['token_types.weight', [2, 768], 'embedding! 1 0'],
    ['blk.0.attn_kv_a_mqa.weight', [576, 2048], 'attention! 0 1'],
    ['blk.0.attn_q_norm.weight', [128], 'normalization - -'],
    ['blk.0.ffn_gate_inp.weight', [8, 4096], 'feed-forward! 0 1'],
    ['dec.blk.0.cross_attn_q.weight', [512, 512], 'attention! 0 1'],
    ['enc.blk.0.attn_rel_b.weight', [32, 8], 'bias - -'],
  ])('PyTorch: %s %j is %s', (name, shape, expected) => {
    expect(summary(name, shape, 'torch')).toBe(expected);
  });

  it.each<[string, number[], string, string?]>([
    ['dense/kernel:0', [784, 300], 'dense! 1 0'],
    ['dense/dense/bias:0', [300], 'bias - -'],
    ['conv2d/kernel', [3, 3, 16, 32], 'convolution! 3 2'],
    ['conv1d/kernel', [5, 16, 32], 'convolution! 2 1', 'Conv1D'],
    ['depthwise_conv2d/depthwise_kernel:0', [3, 3, 32, 1], 'convolution! 2 -'],
    ['layers/dw/kernel', [3, 3, 32, 1], 'convolution! 2 -', 'DepthwiseConv2D'],
    ['depthwise_conv2d/depthwise_kernel:0', [3, 3, 32, 2], 'convolution! - -'],
    ['separable_conv2d/pointwise_kernel:0', [1, 1, 32, 64], 'convolution! 3 2'],
    ['conv2d_transpose/kernel:0', [3, 3, 16, 32], 'convolution! 2 3'],
    ['embedding/embeddings:0', [1000, 64], 'embedding! 1 0'],
    ['batch_normalization/gamma:0', [32], 'normalization - -'],
    ['batch_normalization/beta:0', [32], 'normalization - -'],
    ['layer_normalization/gamma', [32], 'normalization - -'],
    ['multi_head_attention/query/kernel', [64, 8, 16], 'attention! - 0'],
    ['multi_head_attention/attention_output/kernel', [8, 16, 64], 'attention! 2 -'],
    ['multi_head_attention/query/bias', [8, 16], 'bias - -'],
    ['lstm/lstm_cell/recurrent_kernel:0', [64, 256], 'dense! 1 0'],
    ['predictions/kernel:0', [1280, 1000], 'head! 1 0'],
    ['p_re_lu/alpha:0', [1, 1, 32], '- - -'],
    ['params/LayerNorm_0/scale', [64], 'normalization - -'],
  ])('Keras: %s %j is %s', (name, shape, expected, layer?) => {
    expect(summary(name, shape, 'keras', layer === undefined ? {} : { layer })).toBe(expected);
  });

  it.each<[string, string, number[], string]>([
    ['bn1.running_mean', 'F32', [64], 'buffer'],
    ['rope_freqs.weight', 'F32', [64], 'buffer'],
    ['rope_factors_long.weight', 'F32', [48], 'buffer'],
    ['bn1.num_batches_tracked', 'I64', [], 'buffer'],
    ['batch_normalization/moving_variance:0', 'F32', [64], 'buffer'],
    ['h.0.attn.masked_bias', 'F32', [], 'buffer'],
    ['h.0.attn.bias', 'BOOL', [1, 1, 8, 8], 'buffer'],
    ['bert.embeddings.position_ids', 'I64', [1, 512], 'buffer'],
    ['model.layers.0.self_attn.rotary_emb.inv_freq', 'F32', [64], 'buffer'],
    ['attn.relative_position_index', 'I64', [49, 49], 'buffer'],
    ['fc.weight_mask', 'F32', [10, 64], 'buffer'],
    ['mask.conv1.weight', 'F32', [8, 1, 3, 3], 'buffer'],
    ['fc.weight', 'I8', [10, 64], 'weight'],
    ['optimizer.state.0.exp_avg', 'F32', [10, 64], 'optimizer'],
    ['optimizer_weights/Adam/m/dense/kernel:0', 'F32', [10, 64], 'optimizer'],
    ['optimizer/vars/3', 'F32', [10, 64], 'optimizer'],
    ['model/dense/kernel/.OPTIMIZER_SLOT/optimizer/m', 'F32', [10, 64], 'optimizer'],
    ['state.0.momentum_buffer', 'F32', [10, 64], 'optimizer'],
  ])('%s of %s %j is no weight to prune, but %s', (name, dtype, shape, role) => {
    expect(describeOne(name, shape, { dtype })).toMatchObject({ role, prunable: false });
  });
});

describe('axes that the shape of another tensor tells', () => {
  const shapes = (known: Readonly<Record<string, number[]>>) => ({ shapeOf: (name: string) => known[name] });

  it('a square projection of GPT-2 runs as the projection to thrice the width in its block', () => {
    const name = 'transformer.h.0.attn.c_proj.weight';
    const attention = 'transformer.h.0.attn.c_attn.weight';
    expect(summary(name, [8, 8], 'torch', shapes({ [attention]: [8, 24] }))).toBe('attention! 1 0');
    expect(summary(name, [8, 8], 'torch', shapes({ [attention]: [24, 8] }))).toBe('attention! 0 1');
  });

  it('a convolution with as many biases as its second axis is a transposed one', () => {
    expect(summary('up1.weight', [64, 32, 2, 2], 'torch', shapes({ 'up1.bias': [32] }))).toBe('convolution! 1 0');
    expect(summary('up1.weight', [64, 32, 2, 2], 'torch', shapes({ 'up1.bias': [64] }))).toBe('convolution! 0 1');
  });
});

describe('what a format knows better than the name', () => {
  it('comes first: role, kind, axes, layer', () => {
    expect(describeOne('x', [4, 8], { role: 'optimizer' })).toMatchObject({
      role: 'optimizer',
      prunable: false,
      kind: null,
    });
    expect(describeOne('x', [4, 8], { kind: 'head' })).toMatchObject({ kind: 'head', prunable: true });
    expect(describeOne('x', [4, 8], { axes: { output: 1, input: 0 } })).toMatchObject({ outputAxis: 1, inputAxis: 0 });
    expect(describeOne('x', [4, 8], { layer: 'Conv1D', name: 'x.weight' })).toMatchObject({ outputAxis: 1 });
    expect(describeOne('x', [4, 8, 3, 3], { layer: 'ConvTranspose' })).toMatchObject({ outputAxis: 1, inputAxis: 0 });
    expect(describeOne('x', [64], { layer: 'BatchNormalization' })).toMatchObject({ kind: 'normalization' });
  });

  it('counts the values, of a scalar one and of an empty tensor none', () => {
    expect(describeOne('x', []).count).toBe(1);
    expect(describeOne('x', [3, 0, 2]).count).toBe(0);
    expect(describeOne('x', [3, 4], { tiedTo: 'y', error: 'why' })).toMatchObject({
      count: 12,
      tiedTo: 'y',
      error: 'why',
    });
  });

  it('never prunes integers or complex numbers, and takes quantised types for weights', () => {
    expect(describeOne('fc.weight', [4, 8], { dtype: 'I8' }).prunable).toBe(false);
    expect(describeOne('fc.weight', [4, 8], { dtype: 'C64' }).prunable).toBe(false);
    expect(describeOne('blk.0.ffn_up.weight', [4, 8], { dtype: 'Q4_K' }).prunable).toBe(true);
  });
});

it('the names tell whether kernels are laid out as in Keras or as in PyTorch', () => {
  expect(guessConvention(['a/kernel:0', 'a/bias:0'])).toBe('keras');
  expect(guessConvention(['params.Dense_0.kernel'])).toBe('keras');
  expect(guessConvention(['conv1.weight', 'kernel_size'])).toBe('torch');
  expect(guessConvention(['arr_0'])).toBe('torch');
});
