using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// One request of HTTP. If it cannot be known what it asks for, no rule that names requests covers it, only one that means all operations.
/// </summary>
public sealed record HttpOperation : Operation
{
    private LooseParameters? _parameters;

    /// <summary>As the client wrote it: methods know case.</summary>
    public required string Method { get; init; }

    /// <summary>
    /// The host that the client names, without a port. In whatever case it was written and with or without a dot at its end, it is the same,
    /// so it is kept in lower case and without.
    /// </summary>
    public required string Host
    {
        get;
        init => field = (value.EndsWith('.') ? value[..^1] : value).ToLowerInvariant();
    }

    /// <summary>Its path, without the query.</summary>
    public required HttpPath Path
    {
        get;
        init => (field, _parameters) = (value, null);
    }

    /// <summary>Names and values of the query, as <see cref="HttpQuery.Parse"/> reads them, but for the placeholder if it stands there.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Query
    {
        get;
        init => (field, _parameters) = (value, null);
    } = [];

    /// <summary>
    /// The headers that a rule of the session asks for (<see cref="SessionRules.AsksForHeader"/>), by their names in lower case, one for each line
    /// that the client sent.
    /// </summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Its body, as far as it is known.</summary>
    public HttpBody Body { get; init; } = HttpBody.Unknown;

    /// <summary>What it was answered; null: it is not answered yet.</summary>
    public HttpResponse? Response { get; init; }

    /// <summary>What it asks of a Kubernetes API server; null: the target is another.</summary>
    public KubernetesRequest? Kubernetes { get; init; }

    /// <summary>Its parameters, as rules look for them.</summary>
    internal LooseParameters Parameters => _parameters ??= new LooseParameters(Query, Path.Parameters);

    /// <summary>Why it cannot be known what is asked for, for the audit log and <c>explain</c>; null: it is known.</summary>
    public string? Unknown => Path.Problem ?? Kubernetes?.Unknown;

    /// <summary>Whether it changes nothing: by its method, as RFC 9110 9.2.1 means it, and by what is behind it.</summary>
    public bool IsSafe => Method is "GET" or "HEAD" or "OPTIONS" or "TRACE" && Kubernetes is not { Connects: true };
}
