import { describe, expect, it } from 'vitest';
import { clusterLogs, describeCluster, parseClusterStatus, type ClusterStatus } from '../../../src/host/clusterStatus';
import { experimentNodes, stateOf } from '../../../src/host/treeModel';

const ref = { store: '/w/.winning-ticket', name: 'many' };
const key = (n: number): string => n.toString(16).padStart(32, '0');
const runs = (['done', 'done', 'failed', 'running', 'waiting', 'lost'] as const).map((state, i) => ({
  key: key(i),
  name: `run ${i}`,
  state,
  job: `7_${i}`,
  ...(i < 4 && { log: '/etc/passwd' }),
}));
const status: ClusterStatus = {
  experiment: 'many',
  scheduler: 'slurm',
  runs,
  last: { job: '9', state: 'waiting' },
  over: false,
};

describe('an experiment on a cluster', () => {
  it('is told in a line', () => {
    expect(describeCluster(status)).toBe('on slurm: 3 of 6 runs, 1 failed, 1 running, 1 pending');
    expect(describeCluster({ ...status, runs: runs.slice(0, 1), last: { job: '9', state: 'running' } })).toBe(
      'on slurm: 1 of 1 run, report at work',
    );
  });

  it('stands so in the tree as long as something of it is there', () => {
    const entry = { ref, report: null, problem: null, failure: null, changed: 0, cluster: status };
    const [node] = experimentNodes([entry]);
    expect(node).toMatchObject({ context: 'experiment.cluster', description: describeCluster(status) });
    expect(stateOf({ ...entry, cluster: { ...status, over: true } })).not.toBe('cluster');
  });

  it('has logs where its jobs write them, whatever the answer says', () => {
    const folder = '/w/.winning-ticket/experiments/many/logs';
    expect(clusterLogs(ref, status).map(({ file }) => file)).toEqual(
      [0, 1, 2, 3].map(i => `${folder}/slurm-7_${i}.log`),
    );
  });

  it('is nothing where the answer is none', () => {
    expect(parseClusterStatus(JSON.stringify(status))).toMatchObject({ over: false });
    for (const wrong of ['', '{}', JSON.stringify({ ...status, runs: 'all' })]) {
      expect(() => parseClusterStatus(wrong)).toThrow();
    }
    const odd = { ...status, runs: [{ ...runs[0], job: '../../x' }] };
    expect(parseClusterStatus(JSON.stringify(odd)).runs[0]!.job).toBe('');
  });
});
