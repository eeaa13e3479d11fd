/** `general.file_type`, what most tensors of a file are: https://github.com/ggml-org/llama.cpp/blob/master/include/llama.h */
const names: ReadonlyMap<string, string> = new Map([
  ['0', 'all F32'],
  ['1', 'mostly F16'],
  ['2', 'mostly Q4_0'],
  ['3', 'mostly Q4_1'],
  ['7', 'mostly Q8_0'],
  ['8', 'mostly Q5_0'],
  ['9', 'mostly Q5_1'],
  ['10', 'mostly Q2_K'],
  ['11', 'mostly Q3_K, small'],
  ['12', 'mostly Q3_K, medium'],
  ['13', 'mostly Q3_K, large'],
  ['14', 'mostly Q4_K, small'],
  ['15', 'mostly Q4_K, medium'],
  ['16', 'mostly Q5_K, small'],
  ['17', 'mostly Q5_K, medium'],
  ['18', 'mostly Q6_K'],
]);

export function fileTypeName(value: string): string {
  const name = names.get(value);
  return name === undefined ? value : `${value} (${name})`;
}
