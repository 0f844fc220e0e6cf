/** Requests that need a recent proof of the person wait here while a dialog asks for it. */
import { createStore } from "../components/store";

/** Whether a request waits for the proof. */
export const stepUpStore = createStore(false);

let waiting: ((isProved: boolean) => void)[] = [];

/** Asks the person for a proof; concurrent requests share the question. Returns whether it was given. */
export function requestStepUp(): Promise<boolean> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    stepUpStore.set(true);
  });
}

/** Lets the requests that wait go on, or fail. */
export function answerStepUp(isProved: boolean): void {
  const answered = waiting;
  waiting = [];
  stepUpStore.set(false);
  answered.forEach((resolve) => {
    resolve(isProved);
  });
}

/** Returns whether the API refused a request because it needs a proof first. */
export async function needsStepUp(response: Response): Promise<boolean> {
  if (response.status !== 403) {
    return false;
  }
  const problem = (await response.clone().json()) as { code?: string };
  return problem.code === "step_up_required";
}
