/** Builds the parts of the extension and registers them; nothing else. */
import * as vscode from 'vscode';
import { ChartView } from './host/chartView';
import { ExperimentLenses } from './host/codeLens';
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
import { JobService } from './host/jobService';
import { registerReportIssue } from './host/reportIssue';
import { Results } from './host/results';
import { RunFeedback } from './host/runFeedback';
import { Runner } from './host/runner';

export function activate(context: vscode.ExtensionContext): void {
  const { extensionUri, subscriptions, workspaceState } = context;
  const log = vscode.window.createOutputChannel('Winning Ticket', { log: true });
  const devices = new DeviceSettings(context.globalStorageUri);
  const jobs = new JobService(vscode.Uri.joinPath(extensionUri, 'dist', 'job.js').fsPath, () => devices.job(), log);
  const index = new ExperimentIndex(jobs, log);
  const panels = new ExperimentPanels(
    { extensionUri, jobs, index, log, perform: (action, ref) => results.perform(action, ref) },
    workspaceState,
  );
  const showPanel = panels.open.bind(panels);
  const runner = new Runner(jobs, workspaceState, showPanel);
  const describer = new Describer({
    script: vscode.Uri.joinPath(extensionUri, 'dist', 'describe.js').fsPath,
    log: message => {
      log.warn(`describing: ${message}`);
    },
  });
  const find = new Find({ extensionUri, runner, describer, log });
  const results: Results = new Results(jobs, index, panels, runner, log, extensionUri);
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
    describer,
    index,
    panels,
    chart,
    new ExperimentTree(index, chart.select.bind(chart)),
    new RunFeedback(jobs, runner, showPanel, log),
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
    registerDeviceStatus(devices),
    registerReportIssue(context, index, devices, log),
    registerInspector(context, index, log),
  );
  void index.scan();
}
