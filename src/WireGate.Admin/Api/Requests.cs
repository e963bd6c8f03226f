namespace WireGate.Admin.Api;

/// <summary>Body of <c>POST /v1/placeholders</c>. Durations as in the config (<c>15m</c>), times as ISO 8601.</summary>
public sealed record MintBody
{
    /// <summary>On whose behalf it is presented.</summary>
    public required string Subject { get; init; }

    /// <summary>Groups of the subject; null: none.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>What else is said of the subject, by name; null: nothing.</summary>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>Targets it may reach; at least one.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>The login it asks for; null: the grant's.</summary>
    public string? Login { get; init; }

    /// <summary>How long it may be presented; null: the config's default.</summary>
    public string? Ttl { get; init; }

    /// <summary>How long a session may live; null: as long as the client stays.</summary>
    public string? Session { get; init; }

    /// <summary>How many sessions it may open; null: any number.</summary>
    public int? Uses { get; init; }

    /// <summary>Networks it may be presented from, as CIDR; null or empty: any.</summary>
    public IReadOnlyList<string>? Sources { get; init; }

    /// <summary>Before this moment it is refused; null: valid at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Id of the placeholder that it is narrowed from; null: none.</summary>
    public string? Parent { get; init; }
}

/// <summary>Body of <c>POST /v1/placeholders/revoke</c>: an id, or all, or a target and/or a time.</summary>
public sealed record RevokeBody
{
    /// <summary>The one of this id, with its descendants.</summary>
    public string? Id { get; init; }

    /// <summary>Every one.</summary>
    public bool All { get; init; }

    /// <summary>Those that may reach this target.</summary>
    public string? Target { get; init; }

    /// <summary>Those minted before this moment.</summary>
    public DateTimeOffset? IssuedBefore { get; init; }
}

/// <summary>Body of <c>POST /v1/sessions/kill</c>. Members that are set must all hold; at least one is.</summary>
public sealed record KillBody
{
    /// <summary>The session of this id.</summary>
    public string? Id { get; init; }

    /// <summary>Sessions of this identity, as <c>issuer:subject</c>.</summary>
    public string? Identity { get; init; }

    /// <summary>Sessions that reach this target.</summary>
    public string? Target { get; init; }

    /// <summary>Sessions opened with the placeholder of this id.</summary>
    public string? Placeholder { get; init; }
}
