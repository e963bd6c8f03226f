using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Configuration;

/// <summary>A name of requests that are not known here, with <c>*</c> for any run of characters: never one that means a request that is.</summary>
public sealed record RequestPattern
{
    private RequestPattern(string text) => Text = text;

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="problem">Why there is none.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out RequestPattern? pattern, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        string? known = SshRequest.Known.Order(StringComparer.Ordinal).FirstOrDefault(name => Glob.Matches(text, name));
        problem = text.Length > 0 && text.AsSpan().IndexOfAnyExcept('*') < 0 ? "* alone would mean every request: write a name, or *@ and a domain"
            : known is not null ? $"it would mean {known}, and only requests that are not known here are named"
            : !SshRequest.IsName(text) ? "no request has such a name: up to 64 printable characters of ASCII, without blanks and commas"
            : null;
        pattern = problem is null ? new RequestPattern(text) : null;
        return pattern is not null;
    }

    /// <summary>Whether a request fits.</summary>
    public bool Matches(SshRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Glob.Matches(Text, request.Name);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
