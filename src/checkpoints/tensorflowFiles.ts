/**
 * Files of TensorFlow that are not read here, and how their weights come into one that is. There is no maintained reader of
 * SavedModel's variables for Node, and their table format (LevelDB's, with checksums and slices of tensors) is TensorFlow's own.
 */

const fromKeras = '`model.save("model.keras")` for a Keras model';
const fromAny = '`tensorflowjs_converter --input_format=tf_saved_model` for any SavedModel';
const convert = `which is not read here. In Python, ${fromKeras}, or ${fromAny}, writes one that is`;

/** `BundleHeaderProto` under the empty key: one number of shards, little-endian, version 1. tensor_bundle.proto */
const bundleHeader = /^\0\0.\x08.\x1a\x02\x08\x01/s;

/** @returns what the file is, or null where it is none of TensorFlow's */
export function describeTensorFlow(head: Uint8Array, name: string): string | null {
  const bytes = new TextDecoder('latin1').decode(head.subarray(0, 64));
  if (/(^|[\\/])group\d+-shard\d+of\d+(\.bin)?$|-shard\d+$/.test(name)) {
    return 'a shard of TensorFlow.js, in which only values stand: open the model.json or weights_manifest.json beside it';
  }
  if (bundleHeader.test(bytes)) return `the index of a TensorFlow checkpoint, ${convert}`;
  if (/\.data-\d{5}-of-\d{5}$/.test(name)) return `a part of a TensorFlow checkpoint, ${convert}`;
  // schema version 1, then the first graph
  if (/(^|[\\/])saved_model\.pb$/.test(name) || bytes.startsWith('\x08\x01\x12')) {
    return `a TensorFlow SavedModel, ${convert}`;
  }
  if (/^model_checkpoint_path: "/.test(bytes)) return `the list of TensorFlow's checkpoints in this folder, ${convert}`;
  if (bytes.slice(4, 8) === 'TFL3') {
    return 'a TensorFlow Lite model, which is not read here: open the model that it was converted from';
  }
  return null;
}
