/** Compute shaders with what they are bound to, and the pipelines and bind groups made of them once. */
import type { WatchedDevice } from './device';
import type { Range } from './memory';
import { mathFor } from './wgsl/math';
import { stepBytes, stepDeclaration } from './wgsl/step';

export interface Bound {
  /** As the shader calls it. */
  readonly name: string;
  /** Of an element: f32, u32, i32, vec2f, vec4f. */
  readonly type: string;
  readonly range: Range;
  readonly access: 'read' | 'read_write';
}

/** One launch of a kernel. */
export interface Dispatch {
  readonly label: string;
  readonly bindings: readonly Bound[];
  /** Functions and workgroup memory. */
  readonly declarations: string;
  /** Statements of a thread, which knows its workgroup as `group: u32` and itself in it as `lane: u32`. */
  readonly body: string;
  /** Threads of a workgroup. */
  readonly threads: number;
  readonly groups: number;
}

/** Ready to be encoded. */
export interface Launch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly x: number;
  readonly y: number;
  /** Replicates. */
  readonly z: number;
}

/** GPUShaderStage.COMPUTE */
const computeStage = 4;

/** Most workgroups along one axis, in every implementation; more of them lie in further rows. */
const rowOfGroups = 65_535;

export const reads = (name: string, range: Range, type = 'f32'): Bound => ({ name, type, range, access: 'read' });
export const writes = (name: string, range: Range, type = 'f32'): Bound => ({
  name,
  type,
  range,
  access: 'read_write',
});

export function shaderOf({ bindings, declarations, body, threads }: Dispatch): string {
  const [functions, statements] = [declarations, body].map(code => bindings.reduce(withOwnParts, code)) as [
    string,
    string,
  ];
  const variables = bindings.map(
    ({ name, type, access }, i) => `@group(0) @binding(${String(i)}) var<storage, ${access}> ${name}: array<${type}>;`,
  );
  return `${stepDeclaration}
${mathFor(declarations + body)}
${variables.join('\n')}
var<private> replicate: u32;
${functions}
@compute @workgroup_size(${String(threads)})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  replicate = workgroup.z;
  let group = workgroup.x + workgroup.y * ${String(rowOfGroups)}u;
${statements}
}
`;
}

/**
 * Kernels are written for one replicate; here their indices begin where its part of a buffer does. A kernel reads the same
 * however many replicates there are, so their number cannot change what the compiler makes of it. An index that is a shift
 * or a logical operation stands in parentheses: WGSL refuses it otherwise.
 */
function withOwnParts(code: string, { name, type, range }: Bound): string {
  if (range.stride === 0) return code;
  const elements = range.stride / (bytesOfTypes[type] ?? 4);
  return code.replace(new RegExp(`\\b${name}\\[`, 'g'), `${name}[replicate * ${String(elements)}u + `);
}

const bytesOfTypes: Readonly<Record<string, number>> = { vec2f: 8, vec4f: 16 };

/** Pipelines of a device by their text: layers of one shape share them, and sessions do. */
export class Pipelines {
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  private readonly device: GPUDevice;
  /** Of the values of a step, at an offset given with each launch. */
  readonly stepLayout: GPUBindGroupLayout;

  constructor({ device }: WatchedDevice) {
    this.device = device;
    this.stepLayout = device.createBindGroupLayout({
      entries: [
        {
          binding: 0,
          visibility: computeStage,
          buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: stepBytes },
        },
      ],
    });
  }

  /** @param replicates that the buffers were taken for */
  async prepare(dispatch: Dispatch, replicates: number): Promise<Launch> {
    const layout = this.layoutOf(dispatch);
    const pipeline = await this.pipelineOf(dispatch, layout);
    const entries = dispatch.bindings.map(({ range: { storage, offset, bytes, stride } }, binding) => {
      const end = Math.min(offset + stride * (replicates - 1) + Math.ceil(bytes / 16) * 16, storage.gpu.size);
      return { binding, resource: { buffer: storage.gpu, offset, size: end - offset } };
    });
    return {
      pipeline,
      group: this.device.createBindGroup({ layout, entries }),
      x: Math.min(dispatch.groups, rowOfGroups),
      y: Math.ceil(dispatch.groups / rowOfGroups),
      z: replicates,
    };
  }

  private layoutOf({ bindings }: Dispatch): GPUBindGroupLayout {
    const signature = bindings.map(({ access }) => access).join();
    let layout = this.layouts.get(signature);
    if (!layout) {
      const entries = bindings.map(({ access }, binding): GPUBindGroupLayoutEntry => ({
        binding,
        visibility: computeStage,
        buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
      }));
      layout = this.device.createBindGroupLayout({ entries });
      this.layouts.set(signature, layout);
    }
    return layout;
  }

  private pipelineOf(dispatch: Dispatch, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    const code = shaderOf(dispatch);
    let pipeline = this.pipelines.get(code);
    if (!pipeline) {
      pipeline = this.device.createComputePipelineAsync({
        label: dispatch.label,
        layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout, this.stepLayout] }),
        compute: { module: this.device.createShaderModule({ label: dispatch.label, code }), entryPoint: 'main' },
      });
      this.pipelines.set(code, pipeline);
    }
    return pipeline;
  }
}
