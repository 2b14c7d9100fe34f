/** A security failure. The connection that it concerns is closed or never made, and nothing weaker takes its place. */
export type Breach =
  | 'unopenable' // an introduction that this room's secret does not open: changed on the way, or by a stranger
  | 'not-over-link' // a description of a further connection that came by way of the server
  | 'wrong-certificate' // a description, or a connection, with another certificate than the session's
  | 'wrong-opening'; // a nonce that does not fit its commitment
