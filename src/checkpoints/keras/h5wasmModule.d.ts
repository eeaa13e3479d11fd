/**
 * h5wasm's module without the classes around it, because those make one instance for good. esbuild.mjs knows the name. Only
 * what is used here is declared.
 */
declare module 'h5wasm-module' {
  export interface Hdf5Stream {
    readonly node: object;
  }

  export interface Hdf5Node {
    usedBytes: number;
    stream_ops: {
      readonly llseek: unknown;
      read(stream: Hdf5Stream, buffer: Int8Array, offset: number, length: number, position: number): number;
    };
  }

  export interface Hdf5Metadata {
    /** H5T_class_t */
    readonly type: number;
    readonly size: number;
    readonly shape: readonly number[] | null;
    readonly chunks: readonly number[] | null;
    readonly total_size: number;
    readonly vlen: boolean;
  }

  export interface Hdf5Module {
    readonly FS: { create(path: string, mode: number): Hdf5Node; readFile(path: string): Uint8Array };
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    UTF8ToString(pointer: number, mostBytes?: number): string;
    /** Negative where it cannot be opened. */
    open(path: string, mode: number, trackOrder: boolean, oldest: number, newest: number): bigint;
    close_file(file: bigint): number;
    get_names(file: bigint, path: string, recursive: boolean): string[];
    get_type(file: bigint, path: string): number;
    get_symbolic_link(file: bigint, path: string): string | null;
    get_external_link(file: bigint, path: string): { filename?: string; obj_path?: string };
    create_object_reference(file: bigint, path: string): Iterable<number>;
    get_attribute_names(file: bigint, path: string): string[];
    get_attribute_metadata(file: bigint, path: string, name: string): Hdf5Metadata;
    get_attribute_data(file: bigint, path: string, name: string, pointer: bigint): number;
    reclaim_vlen_memory(file: bigint, path: string, name: string, pointer: bigint): number;
    get_dataset_metadata(file: bigint, path: string): Hdf5Metadata;
    get_dataset_filters(file: bigint, path: string): readonly { readonly id: number; readonly name: string }[];
    get_dataset_data(
      file: bigint,
      path: string,
      count: readonly bigint[],
      offset: readonly bigint[],
      strides: readonly bigint[],
      pointer: bigint,
    ): number;
    create_group(file: bigint, path: string, trackOrder: boolean): void;
    create_dataset(file: bigint, path: string, pointer: bigint, type: Hdf5DatasetType): void;
    create_vlen_str_attribute(
      file: bigint,
      path: string,
      name: string,
      texts: readonly string[],
      type: Hdf5WrittenType,
    ): void;
  }

  export interface Hdf5WrittenType {
    /** H5T_class_t */
    readonly type: number;
    readonly size: number;
    readonly vlen: boolean;
    readonly signed: boolean;
    readonly littleEndian: boolean;
    /** Of text: 1 is UTF-8. */
    readonly cset?: number;
    readonly shape: readonly bigint[];
    readonly maxshape: readonly bigint[];
  }

  export interface Hdf5DatasetType extends Hdf5WrittenType {
    readonly chunks: null;
    readonly compression: number;
    readonly compression_opts: readonly number[];
    readonly track_order: boolean;
  }

  interface Options {
    readonly noInitialRun: boolean;
    readonly print: (line: string) => void;
    readonly printErr: (line: string) => void;
  }

  export default function makeModule(options: Options): Promise<Hdf5Module>;
}
