namespace WireGate.Ssh.Keys;

/// <summary>Whom a certificate is for: its numbers are those on the wire.</summary>
internal enum CertificateType : uint
{
    Unknown = 0,
    User = 1,
    Host = 2,
}
