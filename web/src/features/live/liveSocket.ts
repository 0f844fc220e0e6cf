/** The WebSocket that tells when something changed in a project. */
import { onlineManager } from "@tanstack/react-query";

export interface Ticket {
  url: string;
  ticket: string;
}

export interface Listener {
  /** Called with true once the project is subscribed, and with false when the connection is lost. */
  onState: (isOpen: boolean) => void;
  /** Something changed. Without `events`, anything may have while there was no connection. */
  onChange: (events: LiveEvent[]) => void;
}

/** What changed, as far as the client asks for it. */
export interface LiveEvent {
  /** Such as `comment.changed`. */
  type: string;
  /** Events of labels and members are about no task. */
  task_id?: string;
}

interface Message {
  type: string;
  events?: LiveEvent[];
}

const FIRST_PAUSE_MILLISECONDS = 1000;
const LONGEST_PAUSE_MILLISECONDS = 60_000;
// API Gateway closes a connection that is silent for ten minutes.
const PING_MILLISECONDS = 300_000;

/**
 * Keeps a connection to a project open until the returned function is called. After a failure it
 * waits longer each time before it connects again.
 */
export function keepConnected(
  projectId: string,
  getTicket: () => Promise<Ticket>,
  { onState, onChange }: Listener,
): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isStopped = false;
  const ping = setInterval(() => {
    if (socket?.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ action: "ping" }));
    }
  }, PING_MILLISECONDS);

  async function open(): Promise<void> {
    try {
      const { url, ticket } = await getTicket();
      if (!onlineManager.isOnline()) {
        openLater();
      } else if (!isStopped) {
        listen(new WebSocket(`${url}?ticket=${ticket}`));
      }
    } catch {
      openLater();
    }
  }

  function listen(opened: WebSocket): void {
    socket = opened;
    opened.onopen = () => {
      opened.send(JSON.stringify({ action: "subscribe", project_id: projectId }));
    };
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      const { type, events = [] } = JSON.parse(data) as Message;
      if (type === "subscribed") {
        failures = 0;
        onState(true);
      }
      if (type === "subscribed" || type === "events") {
        onChange(events);
      } else if (type !== "pong") {
        opened.close(); // the person may not read the project any more
      }
    };
    opened.onclose = openLater;
  }

  function openLater(): void {
    if (!isStopped) {
      onState(false);
      const pause = FIRST_PAUSE_MILLISECONDS * 2 ** failures;
      failures += 1;
      timer = setTimeout(() => void open(), Math.min(pause, LONGEST_PAUSE_MILLISECONDS));
    }
  }

  void open();
  return () => {
    isStopped = true;
    clearInterval(ping);
    clearTimeout(timer);
    socket?.close();
  };
}
