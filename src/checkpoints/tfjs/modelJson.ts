/** The text of a `model.json` or weight manifest as a value, held to bounds before it is parsed. */
import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { beyondBounds } from '../jsonBounds';
import { duplicateKey } from '../jsonKeys';

const maximumBytes = 32 * 2 ** 20;
/** Models within models, and the attributes of nodes. */
const maximumDepth = 100;
const maximumValues = 300_000;

/** @throws CheckpointError where it is too large, no JSON, or an object in it holds a name twice */
export async function readModelJson(source: ByteSource): Promise<unknown> {
  const fail = (reason: string): never => {
    throw new CheckpointError(source.name, reason);
  };
  if (source.size > maximumBytes) {
    fail(`${source.size} bytes of JSON, and ${maximumBytes} are the limit: weights belong into shards beside it`);
  }
  const json = await source.read(0, source.size);
  const beyond = beyondBounds(json, maximumDepth, maximumValues);
  if (beyond !== null) fail(`its JSON ${beyond}`);
  let text = '';
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    value = JSON.parse(text);
  } catch {
    fail('not valid JSON in UTF-8: it is cut short or damaged');
  }
  const duplicate = duplicateKey(text);
  if (duplicate !== null) fail(`an object in it holds the name ${JSON.stringify(duplicate.slice(0, 100))} twice`);
  return value;
}
