import { networkInterfaces } from 'node:os';

/** The addresses at which other devices may reach this machine; no loopback, no link-local ones. */
export function lanAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [
    ...new Set(all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address)).map((a) => a.address)),
  ];
}
