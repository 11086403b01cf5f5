/** The part of the engine's step API that sagas run on. */
export interface StepApi {
  run<T>(
    config: { name: string; retryPolicy?: { maximumAttempts: number } },
    act: () => Promise<T>,
  ): Promise<T>
}
