namespace WireGate.Ssh.Keys;

/// <summary>What a security key vouches for in a signature: FIDO's flags, as far as they decide anything here.</summary>
[Flags]
internal enum SkFlags : byte
{
    /// <summary>Nothing; also what keys that are no security keys give.</summary>
    None = 0,

    /// <summary>Somebody touched it.</summary>
    UserPresent = 1,

    /// <summary>It knew by PIN or fingerprint who did.</summary>
    UserVerified = 4,
}
