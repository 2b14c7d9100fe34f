// Runs in a browser's page: the contract of the Connection port against the real thing.
import { connectionContract } from './connection-contract.ts';
import { createIdentity } from '../simple-peer-connection.ts';

/** The names of the cases, in order. */
export const cases = connectionContract.map(({ name }) => name);

/** Runs one case; rejects with what was not kept. */
export async function runCase(index: number): Promise<void> {
  const { createConnection } = await createIdentity();
  await connectionContract[index]!.run(createConnection);
}
