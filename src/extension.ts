/** Builds the parts of the extension and registers them; nothing else. */
import * as vscode from 'vscode';
import { ChartView } from './host/chartView';
import { ExperimentLenses } from './host/codeLens';
import { Clusters, registerClusters } from './host/cluster';
import { registerCommands } from './host/commands';
import { deviceCommands, registerDeviceStatus } from './host/devices';
import { DeviceSettings } from './host/devices/settings';
import { ExperimentComparison } from './host/experimentComparison';
import { ExperimentIndex } from './host/experimentIndex';
import { ExperimentPanels } from './host/experimentPanels';
import { ExperimentTree } from './host/experimentTree';
import { Describer } from './host/describeProcess';
import { Find } from './host/find';
import { registerInspector } from './host/inspector';
import { Interrupted } from './host/interrupted';
import { JobService } from './host/jobService';
import { registerReportIssue } from './host/reportIssue';
import { Results } from './host/results';
import { RunFeedback } from './host/runFeedback';
import { Runner } from './host/runner';
import { StoreQueues } from './host/storeQueues';
import { StoreWatch } from './host/storeWatch';

export function activate(context: vscode.ExtensionContext): void {
  const { extensionUri, subscriptions, workspaceState } = context;
  const log = vscode.window.createOutputChannel('Winning Ticket', { log: true });
  const devices = new DeviceSettings(context.globalStorageUri);
  const jobs = new JobService(vscode.Uri.joinPath(extensionUri, 'dist', 'job.js').fsPath, () => devices.job(), log);
  const queues = new StoreQueues({
    isBusy: store => jobs.all().some(({ ref }) => ref.store === store),
    mayStart: () => vscode.workspace.isTrusted,
    start: (ref, file) => {
      runner.begin(ref, file);
    },
    stop: (ref, wish) => {
      jobs.stop(ref, wish);
    },
    tell: message => {
      log.warn(message);
    },
    changed: () => {
      index.refresh();
    },
  });
  const watch = new StoreWatch();
  const index: ExperimentIndex = new ExperimentIndex(
    jobs,
    queues,
    watch,
    { of: ref => clusters.of(ref), isSubmitted: ref => clusters.isSubmitted(ref) },
    log,
  );
  const panels = new ExperimentPanels(
    { extensionUri, jobs, index, log, perform: (action, ref) => results.perform(action, ref) },
    workspaceState,
  );
  const showPanel = panels.open.bind(panels);
  const runner: Runner = new Runner(jobs, queues, workspaceState, showPanel);
  const describer = new Describer({
    script: vscode.Uri.joinPath(extensionUri, 'dist', 'describe.js').fsPath,
    log: message => {
      log.warn(`describing: ${message}`);
    },
  });
  const find = new Find({ extensionUri, runner, describer, log });
  const results: Results = new Results(jobs, index, panels, runner, log, extensionUri, queues);
  const cli = vscode.Uri.joinPath(extensionUri, 'dist', 'cli.js').fsPath;
  const clusters: Clusters = new Clusters({ script: cli, runner, watch, memory: workspaceState, log });
  const chart = new ChartView({
    extensionUri,
    jobs,
    index,
    log,
    open: showPanel,
  });
  subscriptions.push(
    log,
    jobs,
    queues,
    watch,
    jobs.onEvent(event => {
      if (event.type === 'ended') void queues.ended(event.live.ref, event.outcome.status);
    }),
    describer,
    index,
    panels,
    chart,
    clusters.onDidChange(() => {
      index.refresh();
    }),
    new ExperimentTree(index, chart.select.bind(chart)),
    new Interrupted(jobs, index, results, workspaceState),
    new RunFeedback(jobs, index, runner, showPanel, log),
    new ExperimentLenses(jobs, index, runner),
    registerCommands({
      jobs,
      index,
      panels,
      runner,
      find,
      results,
      devices: deviceCommands(context, devices, log),
      comparison: new ExperimentComparison({ extensionUri, index, log, openPanel: showPanel }),
      log,
    }),
    registerClusters(clusters),
    registerDeviceStatus(devices),
    registerReportIssue(context, index, devices, log),
    registerInspector(context, index, log),
  );
  void index.scan();
}
