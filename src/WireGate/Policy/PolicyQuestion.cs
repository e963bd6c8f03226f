using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Policy;

/// <summary>What somebody would ask for: who, where, and what.</summary>
internal sealed record PolicyQuestion
{
    /// <summary>Who vouches for the subject.</summary>
    public string Issuer { get; init; } = Identity.LocalIssuer;

    /// <summary>Who asks.</summary>
    public required string Subject { get; init; }

    /// <summary>The subject's groups.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>The subject's claims.</summary>
    public FrozenDictionary<string, string> Claims { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>The login's name; null: the least that a grant gives.</summary>
    public string? Login { get; init; }

    /// <summary>The database; null: none is named.</summary>
    public string? Database { get; init; }

    /// <summary>The application's name; null: none is told.</summary>
    public string? Application { get; init; }

    /// <summary>The client's address; null: a Unix socket.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>Whether the client's connection is protected by TLS.</summary>
    public bool IsTls { get; init; } = true;

    /// <summary>Name of the grant that opened the session; null: whichever serves.</summary>
    public string? Grant { get; init; }

    /// <summary>When; null: now.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The statement's text, if <see cref="Ssh"/> and <see cref="Http"/> are null.</summary>
    public string Sql { get; init; } = "";

    /// <summary>The operation of SSH; null: it is none.</summary>
    public SshOperation? Ssh { get; init; }

    /// <summary>The request of HTTP; null: it is none. Without a host, the first by which the target is meant.</summary>
    public HttpOperation? Http { get; init; }

    /// <summary>Whether the headers and the body that rules ask for are known; the audit log has neither.</summary>
    public bool HasHeaders { get; init; } = true;

    /// <summary>The body of the request, of JSON; null: it has none.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Where names without a schema are looked for.</summary>
    public SqlSearchPath SearchPath { get; init; } = SqlSearchPath.Of("public");

    /// <summary>The subject with all that is known of it.</summary>
    public Identity Identity => new() { Issuer = Issuer, Subject = Subject, Groups = Groups, Claims = Claims };
}
