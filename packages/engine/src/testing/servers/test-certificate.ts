/**
 * A certificate for 127.0.0.1 that signs itself, with its key, for tests only: as a server's, as the authority that a client trusts, and as
 * a client's. Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500`; valid for 100 years.
 */
export const TEST_CERTIFICATE = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBozCCAUmgAwIBAgIUSvTHknnjSw7yTzlDQ9WXomHUHjAwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNaG9sZGZhc3QtdGVzdDAgFw0yNjExMjAyMjUyNDZaGA8yMTI2
MTAyNzIyNTI0NlowGDEWMBQGA1UEAwwNaG9sZGZhc3QtdGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABN6m3JSBjO/gFe2KYMXqj9x8eDz3eowTgwZrYbh9QXv0
6bn5ooGSP04c8bl4Q+8huggiE2TTXsltromXRHlIlbqjbzBtMB0GA1UdDgQWBBQ/
pHG/Y0OGblFzv+u5CEee+8I2lDAfBgNVHSMEGDAWgBQ/pHG/Y0OGblFzv+u5CEee
+8I2lDAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEArxMSVFlrBVlbuxTMWUh2y2G+d205tHQx0DJj
PpHaGRwCIAgdHXKaVFEo/+v0I3BcfykBTkAtYl1UIg0mnMcRwGMq
-----END CERTIFICATE-----\n`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvGwqdUrY0zrw7Phx
GCRNhKEJoPfPltae28rWmIWu29ChRANCAATeptyUgYzv4BXtimDF6o/cfHg893qM
E4MGa2G4fUF79Om5+aKBkj9OHPG5eEPvIboIIhNk017Jba6Jl0R5SJW6
-----END PRIVATE KEY-----\n`,
} as const
