/** Validation of what anybody may have written. */
import * as z from 'zod';

/**
 * zod's `safeParse`, which throws where a list or text with a bound is expected and an object comes whose `length` cannot
 * be compared (zod 4 looks at it although the type is wrong): here it is wrong like any other value.
 */
export function safeParse<T extends z.ZodType>(schema: T, value: unknown): z.ZodSafeParseResult<z.output<T>> {
  try {
    // eslint-disable-next-line no-restricted-syntax -- the one place
    return schema.safeParse(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const issue = { code: 'custom' as const, path: [], message: 'holds an object where none can be', input: value };
    return { success: false, error: new z.ZodError([issue]) as z.ZodError<z.output<T>> };
  }
}
