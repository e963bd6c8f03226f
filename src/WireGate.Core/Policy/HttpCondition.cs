using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>The HTTP part of a rule: whether it covers all of a request, as an allow must, or touches any part of it.</summary>
internal sealed class HttpCondition(HttpMatchConfig match)
{
    /// <summary>Whether all of a request is covered.</summary>
    internal bool Covers(HttpOperation request) =>
        request.Unknown is null
        && (match.Methods.IsEmpty || IsIn(match.Methods, request.Method, StringComparison.Ordinal))
        && (match.Hosts.IsEmpty || IsIn(match.Hosts, request.Host))
        && (match.Paths.IsEmpty || IsIn(match.Paths, request.Path))
        && CoversAll(match.Query, request.Query)
        && CoversAll(match.Headers, request.Headers);

    /// <summary>Whether any part of a request is touched, or could be.</summary>
    internal bool Touches(HttpOperation request) =>
        // Methods know case, but not every server does.
        (match.Methods.IsEmpty || IsIn(match.Methods, request.Method, StringComparison.OrdinalIgnoreCase))
        && (match.Hosts.IsEmpty || IsIn(match.Hosts, request.Host))
        && (match.Paths.IsEmpty || !request.Path.IsPlain || IsIn(match.Paths, request.Path))
        && TouchesAll(match.Query, request.Query)
        && TouchesAll(match.Headers, request.Headers);

    // Each must be there once: of two, nobody knows which one the upstream takes.
    private static bool CoversAll(ImmutableArray<KeyValuePair<string, NamePattern>> named, ImmutableArray<KeyValuePair<string, string>> found)
    {
        foreach ((string name, NamePattern pattern) in named)
        {
            int count = 0;
            foreach ((string other, string value) in found)
            {
                if (MayBe(other, name))
                {
                    count++;
                    if (other != name || IsUnreadable(value) || !pattern.Matches(value))
                    {
                        return false;
                    }
                }
            }

            if (count != 1)
            {
                return false;
            }
        }

        return true;
    }

    private static bool TouchesAll(ImmutableArray<KeyValuePair<string, NamePattern>> named, ImmutableArray<KeyValuePair<string, string>> found)
    {
        foreach ((string name, NamePattern pattern) in named)
        {
            int count = 0;
            bool matches = false;
            foreach ((string other, string value) in found)
            {
                if (MayBe(other, name))
                {
                    count++;
                    matches |= IsUnreadable(value) || pattern.Matches(value);
                }
            }

            if (count < 2 && !matches)
            {
                return false;
            }
        }

        return true;
    }

    // Some servers know no case in names, and what cannot be read may be any name.
    private static bool MayBe(string found, string name) => found.Equals(name, StringComparison.OrdinalIgnoreCase) || IsUnreadable(found);

    private static bool IsUnreadable(string text) => text.Contains(HttpQuery.Unreadable, StringComparison.Ordinal);

    private static bool IsIn(ImmutableArray<string> methods, string method, StringComparison comparison)
    {
        foreach (string one in methods)
        {
            if (one.Equals(method, comparison))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsIn(ImmutableArray<NamePattern> patterns, string host)
    {
        foreach (NamePattern pattern in patterns)
        {
            if (pattern.Matches(host))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsIn(ImmutableArray<PathPattern> patterns, HttpPath path)
    {
        foreach (PathPattern pattern in patterns)
        {
            if (pattern.Matches(path))
            {
                return true;
            }
        }

        return false;
    }
}
