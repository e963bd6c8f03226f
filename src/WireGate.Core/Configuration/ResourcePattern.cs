using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Configuration;

/// <summary>
/// A pattern of resources of Kubernetes, as kubectl names them: <c>pods</c> and <c>pods/log</c> of the core group, <c>deployments.apps</c> and
/// <c>deployments.apps/scale</c> of another, <c>*</c> of any. A <c>*</c> is any run of characters of a name, a group or a subresource.
/// </summary>
public sealed record ResourcePattern
{
    private readonly NamePattern _resource;
    private readonly NamePattern? _group;
    private readonly NamePattern? _subresource;

    private ResourcePattern(string text, NamePattern resource, NamePattern? group, NamePattern? subresource) =>
        (Text, _resource, _group, _subresource) = (text, resource, group, subresource);

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>The resource, if it is one of the core group and named; null: it is of another, or a pattern.</summary>
    public string? CoreResource => _group is null && _resource.IsExact ? _resource.Text : null;

    /// <summary>Reads one.</summary>
    /// <returns>False: it has an empty part, or characters that no name has.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out ResourcePattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('/');
        string[] named = parts[0].Split('.', 2);
        bool isGood = parts.Length <= 2
            && parts.Concat(named).All(p => p.Length > 0 && p.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.' or '*'))
            && parts.Skip(1).All(s => !s.Contains('.', StringComparison.Ordinal));
        NamePattern? group = named.Length > 1 ? new NamePattern(named[1]) : null, subresource = parts.Length > 1 ? new NamePattern(parts[1]) : null;
        pattern = isGood ? new ResourcePattern(text, new NamePattern(named[0]), group, subresource) : null;
        return isGood;
    }

    /// <summary>Whether all that a request asks of a resource is meant.</summary>
    public bool Covers(KubernetesRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return IsOf(request) && (_subresource is null ? request.Subresource.Length == 0 : IsPart(request));
    }

    /// <summary>Whether anything of it is: what asks for a part of an object asks for something of it.</summary>
    public bool Touches(KubernetesRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return IsOf(request) && (_subresource is null || IsPart(request));
    }

    /// <inheritdoc/>
    public bool Equals(ResourcePattern? other) => other?.Text == Text;

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private bool IsPart(KubernetesRequest request) => request.Subresource.Length > 0 && _subresource!.Matches(request.Subresource);

    private bool IsOf(KubernetesRequest request) =>
        _resource.Matches(request.Resource) && (_group is null ? _resource.IsAny || request.Group.Length == 0 : _group.Matches(request.Group));
}
