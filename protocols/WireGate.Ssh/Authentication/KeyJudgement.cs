using WireGate.Core.Sessions;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Authentication;

/// <summary>What is known of a key that a client names, before it has proven to have it. The default takes none.</summary>
internal readonly record struct KeyJudgement
{
    /// <summary>Why it is not taken, for the audit log; null: it is.</summary>
    public string? Problem { get; init; }

    /// <summary>What verifies the client's signature; null where it is not taken.</summary>
    public SshPublicKey? Key { get; init; }

    /// <summary>What that signature has to be called.</summary>
    public string? Algorithm { get; init; }

    /// <summary>What a security key has to vouch for.</summary>
    public SkFlags Demands { get; init; }

    /// <summary>Who it is that has the key.</summary>
    public Caller? Caller { get; init; }

    /// <summary>What its certificate lets it do; null: it has none.</summary>
    public CertificateTerms? Terms { get; init; }

    /// <summary>A key that is not taken.</summary>
    public static KeyJudgement Not(string problem) => new() { Problem = problem };
}
