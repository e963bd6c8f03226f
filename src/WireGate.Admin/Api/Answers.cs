using System.Text.Json;

namespace WireGate.Admin.Api;

/// <summary>A placeholder as people see it. Nothing from which its token could be had.</summary>
public sealed record PlaceholderView
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary><c>active</c>, <c>not-yet</c>, <c>expired</c>, <c>used-up</c> or <c>revoked</c>.</summary>
    public required string State { get; init; }

    /// <summary>On whose behalf it is presented, as <c>issuer:subject</c>.</summary>
    public required string Identity { get; init; }

    /// <summary>Groups of the identity.</summary>
    public required IReadOnlyList<string> Groups { get; init; }

    /// <summary>Claims of the identity; null: none.</summary>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>Targets it may reach.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>The login it asks for.</summary>
    public string? Login { get; init; }

    /// <summary>Networks it may be presented from; empty: any.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Before this moment it is refused.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>From this moment on it is refused.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>How long a session may live.</summary>
    public string? Session { get; init; }

    /// <summary>How many sessions it may still open; null: any number.</summary>
    public int? UsesLeft { get; init; }

    /// <summary>Id of the placeholder that it was narrowed from.</summary>
    public string? Parent { get; init; }

    /// <summary>Who minted it, as <c>issuer:subject</c>.</summary>
    public required string MintedBy { get; init; }

    /// <summary>When it was minted.</summary>
    public required DateTimeOffset Minted { get; init; }

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? Revoked { get; init; }
}

/// <summary>Where a client finds a target, for ready-made connection lines.</summary>
public sealed record ConnectView
{
    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>Host name, address, or directory of a Unix socket.</summary>
    public required string Host { get; init; }

    /// <summary>Port; of a Unix socket the number in its name.</summary>
    public required int Port { get; init; }

    /// <summary>The database to ask for; null: the protocol has none.</summary>
    public string? Database { get; init; }

    /// <summary>The user name to give: it names the placeholder and, where it must, the target. Empty where there is none to give.</summary>
    public required string User { get; init; }

    /// <summary>libpq's sslmode; null: it is no PostgreSQL.</summary>
    public string? SslMode { get; init; }

    /// <summary>What requests of HTTP begin with; over a Unix socket, its path is the host above. Null: it is no HTTP.</summary>
    public string? Url { get; init; }

    /// <summary>The proxy through which those go; null: none.</summary>
    public string? Proxy { get; init; }

    /// <summary>It is an API server of Kubernetes.</summary>
    public bool IsKubernetes { get; init; }

    /// <summary>What the listener's certificate is verified by, in PEM; null: it is no cluster, or the certificate's file does not have it.</summary>
    public string? Authority { get; init; }
}

/// <summary>What was revoked.</summary>
/// <param name="Revoked">Ids of the placeholders.</param>
/// <param name="Sessions">How many sessions end with them.</param>
public sealed record RevokedView(IReadOnlyList<string> Revoked, int Sessions);

/// <summary>What was killed.</summary>
/// <param name="Killed">How many sessions were told to end.</param>
public sealed record KilledView(int Killed);

/// <summary>A session as an operator sees it. What is not known yet is absent.</summary>
public sealed record SessionView
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary><c>handshake</c>, <c>held</c>, <c>connecting</c>, <c>relaying</c> or <c>ending</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Name of its listener.</summary>
    public required string Listener { get; init; }

    /// <summary>The peer's address.</summary>
    public string? Source { get; init; }

    /// <summary>Who was proven, as <c>issuer:subject</c>.</summary>
    public string? Identity { get; init; }

    /// <summary>Id of the placeholder.</summary>
    public string? Placeholder { get; init; }

    /// <summary>The target's name.</summary>
    public string? Target { get; init; }

    /// <summary>The login's name.</summary>
    public string? Login { get; init; }

    /// <summary>The grant's name.</summary>
    public string? Grant { get; init; }

    /// <summary>The database asked for.</summary>
    public string? Database { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset Opened { get; init; }

    /// <summary>Bytes relayed from the client.</summary>
    public required long ClientBytes { get; init; }

    /// <summary>Bytes relayed from the upstream.</summary>
    public required long UpstreamBytes { get; init; }
}

/// <summary>What lies behind a reference.</summary>
public sealed record WhyView
{
    /// <summary>The reference.</summary>
    public required string Reference { get; init; }

    /// <summary>When the record was written.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The chain it stands in.</summary>
    public required int Chain { get; init; }

    /// <summary>Its number there.</summary>
    public required long Sequence { get; init; }

    /// <summary>The audit record.</summary>
    public required JsonElement Record { get; init; }

    /// <summary>The record of its session's authentication; null: the record says itself whose it is, or none is kept.</summary>
    public JsonElement? Session { get; init; }
}

/// <summary>How the daemon does.</summary>
public sealed record StatusView
{
    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>Version of the config in force.</summary>
    public required string Config { get; init; }

    /// <summary>When the admin socket was opened.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Open sessions.</summary>
    public required int Sessions { get; init; }

    /// <summary>Placeholders that may be presented now.</summary>
    public required int Placeholders { get; init; }
}

/// <summary>RFC 9457 problem details: why the answer is no, in one line.</summary>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What, where, and what to do.</param>
public sealed record ProblemView(string Title, int Status, string Detail);
