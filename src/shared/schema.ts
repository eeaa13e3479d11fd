/** The JSON Schema of experiment files, made from the schema that validates them. */
import * as z from 'zod';
import { experimentSchema } from './experiment';

export function experimentJsonSchema(): object {
  return {
    ...z.toJSONSchema(experimentSchema, { io: 'input', target: 'draft-7' }),
    title: 'Winning Ticket experiment',
    allowComments: true,
    allowTrailingCommas: true,
  };
}
