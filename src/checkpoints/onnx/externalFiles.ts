import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';

/** A file stays open for each. */
const mostFiles = 1000;

/** The files beside a model that hold values too large for it, each opened once. */
export class ExternalFiles {
  private readonly files = new Map<string, ByteSource | CheckpointError>();

  constructor(private readonly source: ByteSource) {}

  /** @throws CheckpointError that names the file and what to do */
  readonly open = async (location: string): Promise<ByteSource> => {
    const known = this.files.get(location) ?? (await this.tryOpen(location));
    this.files.set(location, known);
    if (known instanceof CheckpointError) throw known;
    return known;
  };

  get opened(): readonly ByteSource[] {
    return [...this.files.values()].flatMap(file => (file instanceof CheckpointError ? [] : [file]));
  }

  /** A sentence for each file that cannot be read. */
  get failures(): readonly string[] {
    return [...this.files.values()].flatMap(file =>
      file instanceof CheckpointError ? [`A file of external data cannot be read: ${file.message}`] : [],
    );
  }

  async close(): Promise<void> {
    for (const file of this.opened) await file.close();
  }

  private async tryOpen(location: string): Promise<ByteSource | CheckpointError> {
    const { name } = this.source;
    if (this.files.size >= mostFiles) {
      return new CheckpointError(
        name,
        `it names more than ${mostFiles} files: save it with onnx.save_model(…, all_tensors_to_one_file=True)`,
      );
    }
    try {
      return await this.source.beside(location);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      // refused paths are told of by the model, files that are not there by themselves
      if (error.file === name) return error;
      const reason = error.message.replace(`${error.file}: `, '');
      return new CheckpointError(
        error.file,
        `${reason}. It holds values of ${name}: put it beside the model, where it was exported`,
      );
    }
  }
}
