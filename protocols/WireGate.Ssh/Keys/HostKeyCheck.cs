namespace WireGate.Ssh.Keys;

/// <summary>Says why a host key is not one that is known; null: it is. It is asked on the pool.</summary>
/// <param name="key">The key that signs.</param>
/// <param name="certificate">What was shown in its place; null: the key itself was.</param>
internal delegate string? HostKeyCheck(SshPublicKey key, SshCertificate? certificate);
