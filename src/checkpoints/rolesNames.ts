/**
 * Names of parameters as frameworks give them: torch.nn, torchvision, timm, Hugging Face (BERT, GPT-2, LLaMA, T5, ViT and
 * their kin), GGUF, Keras. A name is read as modules and a parameter: `encoder.layer.0.attention.self.query` and `weight`.
 */
import type { LayerKind } from '../shared/inspection';

interface Parts {
  readonly parameter: string;
  /** Lower case, from the outermost; numbers too. */
  readonly modules: readonly string[];
  /** The innermost module that is no number. */
  readonly owner: string;
}

function partsOf(name: string): Parts {
  const parts = name
    .replace(/:0$/, '')
    // CamelCase as in LayerNorm and SelfAttention
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[./]/)
    .filter(part => part !== '');
  const parameter = parts.at(-1) ?? '';
  const modules = parts.slice(0, -1);
  return { parameter, modules, owner: modules.findLast(part => !/^\d+$/.test(part)) ?? '' };
}

/** Slots of optimisers by the names of torch.optim's state and of Keras' optimiser variables. */
export function isOptimizerState(name: string): boolean {
  const { parameter, modules } = partsOf(name);
  return (
    modules.some(part =>
      /^(optimizer|optim|optimizer_weights|optimizer_state|_optimizer_slots?|optimizer_vars?)$/.test(part),
    ) ||
    /^(exp_avg|exp_avg_sq|max_exp_avg_sq|momentum_buffer|square_avg|acc_delta)$/.test(parameter) ||
    /optimizer_slot/.test(parameter)
  );
}

const bufferNames = new RegExp(
  '^(running_mean|running_var|num_batches_tracked|moving_mean|moving_variance|position_ids|token_type_ids|inv_freq|' +
    'rope_freqs|masked_bias|relative_position_index|relative_coords_table|cos_cached|sin_cached|seed_generator_state|' +
    'attn_mask|causal_mask|mask|.+_mask)$',
);

/** What is kept with the weights and not trained: statistics, masks, tables. */
export function isBuffer(name: string): boolean {
  const { parameter, modules } = partsOf(name);
  return (
    bufferNames.test(parameter) ||
    // masks of pruning, as tools keep them beside the weights
    modules.some(part => /^(masks?|.+_masks?)$/.test(part)) ||
    // GGUF's tables of rotary positions
    (parameter === 'weight' && modules.some(part => /^rope_(freqs|factors_long|factors_short)$/.test(part)))
  );
}

/** @param layer class of the layer or the operator, where the format knows it */
export function kindOf(name: string, shape: readonly number[], layer = ''): LayerKind | null {
  const parts = partsOf(name);
  if (isBias(parts)) return 'bias';
  if (isNormalization(parts, shape, layer)) return 'normalization';
  if (shape.length < 2 || isVector(parts, shape)) return null;
  if (isEmbedding(parts, shape, layer)) return 'embedding';
  if (shape.length >= 4 || /conv\d?d|^conv/i.test(layer)) return 'convolution';
  if (isHead(parts)) return 'head';
  if (isAttention(parts)) return 'attention';
  if (isFeedForward(parts)) return 'feed-forward';
  return shape.length === 2 ? 'dense' : 'convolution';
}

function isBias({ parameter, owner }: Parts): boolean {
  return (
    /^(b|bias|biases|.*_bias|bias_\w+|relative_position_bias_table|pos_bias_[uv])$/.test(parameter) ||
    /^(relative_attention_bias|(cross_)?attn_rel_b)$/.test(owner)
  );
}

function isNormalization({ parameter, owner }: Parts, shape: readonly number[], layer: string): boolean {
  if (/norm/i.test(layer)) return true;
  if (/^(gamma|beta|gamma_\d|moving_\w+|running_\w+|weight_g|layer_scale_parameter|lambda_?1?)$/.test(parameter))
    return true;
  // the only vectors called weight or scale are those of normalisation (and PReLU, which is no kernel either)
  if (shape.length < 2) return /^(weight|scale|g|w)$/.test(parameter);
  return /norm(\d*|_?\d+|_before|_after|_pre|_post)$|^(ln|bn|gn)(_?\d+|_\w+)?$|_(ln|bn|gn)$|^batch_normalization/.test(
    owner,
  );
}

/** One axis only is longer than 1 and no kernel says so by its name: scales and tokens shaped for broadcasting. */
function isVector({ parameter }: Parts, shape: readonly number[]): boolean {
  if (/^(alpha|scale|logit_scale|\w*_token|\w*_tokens|class_embedding|query_tokens)$/.test(parameter)) return true;
  const kernel = /(weight|kernel|weights|embed|embedding|embeddings)$|^w$/.test(parameter) || /\d$/.test(parameter);
  return !kernel && shape.filter(size => size > 1).length <= 1;
}

const embeddingName =
  /^(.*_)?(embed|embedding|embeddings|emb|embd|embds|embed_tokens|embed_positions|wte|wpe|token_embd|position_embd)(_\d+)?$/;

function isEmbedding({ parameter, owner }: Parts, shape: readonly number[], layer: string): boolean {
  if (/^embedding$/i.test(layer)) return true;
  if (/^(pos_embed|\w*position(al)?_embeddings?|embeddings?)$/.test(parameter)) return true;
  return (
    shape.length === 2 &&
    (embeddingName.test(owner) ||
      owner === 'shared' ||
      owner === 'token_types' ||
      /^embed_(tokens|positions)/.test(owner))
  );
}

/** Which layer ends a network can be told by the names that libraries give it, no others. */
function isHead({ owner, modules }: Parts): boolean {
  if (/^(lm_head|embed_out|qa_outputs|predictions|logits|score|seq_relationship|pre_logits|mlm_head)$/.test(owner))
    return true;
  if (owner === 'decoder' && modules.includes('predictions')) return true;
  const last = modules.at(-1);
  if (owner === last && /^(head|heads|classifier|head_dist)$/.test(owner)) return true;
  if ((owner === 'fc' || owner === 'head') && /^heads?$/.test(modules.at(-2) ?? '')) return true;
  // torchvision's and timm's last layer, LLaMA's own and GGUF's: outermost only
  const outer = modules.filter(part => !/^(module|model|backbone)$/.test(part));
  return outer.length === 1 && (owner === 'fc' || owner === 'output' || owner === 'cls');
}

function isAttention({ parameter, owner, modules }: Parts): boolean {
  return (
    /^in_proj_weight$|^[qkv]_proj_weight$/.test(parameter) ||
    modules.some(part => /^(.*_)?(attn|attention|mha|crossattention|attentions)(_?\d+)?$/.test(part)) ||
    /^([qkvo]_proj|qkv|qkv_proj|c_attn|to_[qkv]|to_out|query_key_value|(cross_)?attn_\w+|w[qkvo]|[qkv]_lin|out_lin)$/.test(
      owner,
    )
  );
}

function isFeedForward({ parameter, owner, modules }: Parts): boolean {
  if (
    modules.some(part =>
      /^(ffn|feed_?forward|ff|experts|dense_relu_dense|block_sparse_moe|shared_experts?|feedforward_\w+)$/.test(part),
    )
  ) {
    return true;
  }
  if (/^(gate_proj|up_proj|down_proj|gate_up_proj|c_fc|ffn_\w+|dense_h_to_4h|dense_4h_to_h)$/.test(owner)) return true;
  if (/^(gate_up_proj|down_proj|gate_proj|up_proj)$/.test(parameter)) return true;
  // these names mean it only inside a numbered block: outside they are layers of any network
  const block = modules.findIndex(
    (part, i) =>
      /^(layers?|h|blocks?|blk|resblocks|encoder_layers?|stages)$/.test(part) && /^\d+$/.test(modules[i + 1] ?? ''),
  );
  const numbered = modules.some(part => /^(encoder_)?(layer|block)_\d+$/.test(part));
  if (block < 0 && !numbered) return false;
  return (
    modules.includes('mlp') ||
    modules.includes('intermediate') ||
    /^(fc_?[12]|fc_in|fc_out|linear_?[12]|lin_?[12]|w[123]|mlp_\w+|w[io](_\d)?)$/.test(owner) ||
    (owner === 'dense' && modules.includes('output'))
  );
}
