/** The client of Omni's live stream. How to use it: docs/client.md. */

export interface ConnectOptions {
  /** The http or https address of the service. */
  url: string | URL;
  /** Gives a token. For `refused`, `expired` and `renew` it should be a new one; for the others one from a cache will do. */
  token: (ask: { reason: TokenReason }) => string | Promise<string>;
  onStatus?: (status: Status) => void;
  /** A job that this client was not asked to follow. To follow it, call `follow` in here, before anything asynchronous. */
  onJob?: (job: { sandboxId: string; jobId: string }) => void;
  onSandbox?: (sandbox: SandboxEvent) => void;
  /** What went wrong and belongs to no call and no job. The client goes on by itself. */
  onError?: (error: unknown) => void;
  /** How many characters one job may have waiting for its consumer; 262144 unless given. */
  buffer?: number;
  /** Where there is no global one. */
  WebSocket?: typeof WebSocket;
}

/**
 * `connect`: the first connection, or a call before it. `reconnect`: a connection has been lost. `refused`: a handshake
 * failed; browsers do not tell why. `expired`: the service said so. `renew`: the one in use ends soon.
 */
export type TokenReason = 'connect' | 'reconnect' | 'refused' | 'expired' | 'renew';

export interface Status {
  state: 'connecting' | 'open' | 'waiting' | 'closed';
  /** Failures in a row. */
  attempt: number;
  /** While waiting. */
  retryInMillis?: number;
  /** Why it is waiting, where that is known, or why it is closed, unless by `close`. */
  error?: unknown;
}

export interface JobMessage {
  sandboxId: string;
  jobId: string;
  /** The service's time, in milliseconds since 1970. */
  ts: number;
  /** Behind this event: following from it gives what comes after. */
  cursor: string;
}

export interface LogEvent extends JobMessage {
  type: 'log';
  stream: 'stdout' | 'stderr';
  level: 'info' | 'error';
  data: string;
  /** There if the bytes are no valid UTF-8; see `bytesOf`. */
  encoding?: 'base64';
}

export interface ResultEvent extends JobMessage {
  type: 'result';
  format: 'text' | 'markdown';
  data: string;
  sessionId?: string;
  costUsd?: number;
  turns?: number;
  isError: boolean;
}

export interface ErrorEvent extends JobMessage {
  type: 'error';
  code: string;
  message: string;
}

export interface DoneEvent extends JobMessage {
  type: 'done';
  exitCode: number;
  status: 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'lost';
}

export type JobEvent = LogEvent | ResultEvent | ErrorEvent | DoneEvent;

export interface SandboxEvent {
  type: 'sandbox';
  sandboxId: string;
  status: 'creating' | 'ready' | 'stopping' | 'stopped' | 'archived' | 'deleting' | 'error';
  ts: number;
}

/** With any of the first four, they get the events, one at a time; without, the `Following` is to be iterated. */
export interface FollowOptions {
  /** Where to go on; without one, from the job's start. */
  cursor?: string;
  onLog?: (event: LogEvent) => unknown;
  onResult?: (event: ResultEvent) => unknown;
  onError?: (event: ErrorEvent) => unknown;
  onDone?: (event: DoneEvent) => unknown;
  /** The job cannot be followed (any further), or a handler failed. */
  onFailure?: (error: unknown) => void;
}

/** A job that is being followed. It has one consumer: the handlers, or one loop over it. */
export interface Following extends AsyncIterable<JobEvent> {
  readonly sandboxId: string;
  readonly jobId: string;
  /** Behind the last event that was handed out. */
  readonly cursor: string | undefined;
  /** Its `done` once that has been consumed, nothing if it was stopped before; fails where `onFailure` would be called. */
  readonly ended: Promise<DoneEvent | undefined>;
  /** No more events. The job goes on. */
  stop(): void;
}

export interface Job {
  id: string;
  sandboxId: string;
  kind: 'command' | 'prompt';
  status: 'running' | DoneEvent['status'];
  createdAt: string;
  cursor: string;
  [further: string]: unknown;
}

export interface JobRequest {
  command?: string;
  cwd?: string;
  stdin?: 'open' | 'closed';
  prompt?: { input: string; model?: string; resume?: string; maxTurns?: number; systemPrompt?: string };
  env?: Record<string, string>;
  timeoutSeconds?: number;
}

export interface Omni {
  readonly status: Status;
  start(sandboxId: string, request: JobRequest): Promise<Job>;
  /** Takes the place of an earlier `follow` of the same job. */
  follow(sandboxId: string, jobId: string, options?: FollowOptions): Following;
  /** Has `onJob` called for what runs in a sandbox and for what is started while this client is away. Returns the end of it. */
  watch(sandboxId: string): () => void;
  input(sandboxId: string, jobId: string, data: string): Promise<void>;
  cancel(sandboxId: string, jobId: string): Promise<void>;
  close(): void;
}

export class OmniError extends Error {
  /** A problem code of the service, or `connection_refused`, `invalid_client`, `closed` or `unknown`. */
  readonly code: string;
  /** Of the HTTP answer, where it was one. */
  readonly status?: number;
}

export function connect(options: ConnectOptions): Omni;

/** The bytes of a `log` event, whichever way they came. */
export function bytesOf(event: LogEvent): Uint8Array;
