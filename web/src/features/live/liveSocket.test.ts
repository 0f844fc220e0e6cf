import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { keepConnected } from "./liveSocket";

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = FakeSocket.OPEN;
  sent: string[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: () => void;

  readonly address: string;

  constructor(address: string) {
    this.address = address;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.onclose?.();
  }

  receive(type: string): void {
    this.onmessage?.({ data: JSON.stringify({ type }) });
  }
}

const ticket = { url: "wss://live.example.com/v1", ticket: "t" };
const onState = vi.fn();
const onChange = vi.fn();

async function connect(getTicket = () => Promise.resolve(ticket)): Promise<() => void> {
  const stop = keepConnected("p1", getTicket, { onState, onChange });
  await vi.advanceTimersByTimeAsync(0);
  return stop;
}

function latest(): FakeSocket {
  const socket = FakeSocket.all.at(-1);
  if (socket === undefined) {
    throw new Error("no socket was opened");
  }
  return socket;
}

describe("keepConnected", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
    FakeSocket.all = [];
    vi.clearAllMocks();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("connects with a ticket, subscribes, and tells of changes", async () => {
    await connect();
    expect(latest().address).toBe("wss://live.example.com/v1?ticket=t");
    latest().onopen?.();
    expect(latest().sent).toEqual([JSON.stringify({ action: "subscribe", project_id: "p1" })]);
    expect(onState).not.toHaveBeenCalled();
    latest().receive("subscribed");
    latest().receive("events");
    expect(onState.mock.calls).toEqual([[true]]);
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it("connects again after a loss, later each time", async () => {
    await connect();
    latest().close();
    expect(onState.mock.calls).toEqual([[false]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(FakeSocket.all).toHaveLength(2);
    latest().close();
    await vi.advanceTimersByTimeAsync(1999);
    expect(FakeSocket.all).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(3);
  });

  it("tries again when there is no ticket", async () => {
    const getTicket = vi.fn().mockRejectedValueOnce(new Error()).mockResolvedValue(ticket);
    await connect(getTicket);
    expect(FakeSocket.all).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("closes when the subscription has ended, and keeps an open one alive", async () => {
    await connect();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(latest().sent).toEqual([JSON.stringify({ action: "ping" })]);
    latest().receive("pong");
    expect(onState).not.toHaveBeenCalled();
    latest().receive("unsubscribed");
    expect(onState.mock.calls).toEqual([[false]]);
  });

  it("stops when it is told to", async () => {
    const stop = await connect();
    stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(onState).not.toHaveBeenCalled();
  });
});
