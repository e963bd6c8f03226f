using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>The HTTP part of a rule: whether it covers all of a request, as an allow must, or touches any part of it.</summary>
/// <param name="match">What it says.</param>
/// <param name="verdict">What the rule does then; null: it only masks or limits.</param>
/// <param name="unmasks">The rule shows what is masked.</param>
internal sealed class HttpCondition(HttpMatchConfig match, Verdict? verdict, bool unmasks)
{
    private readonly HttpQueryCondition _query = new(match.Query);

    /// <summary>The members of a body that it asks for.</summary>
    internal IEnumerable<JsonPointer> Pointers => match.Body.Select(b => b.Key);

    /// <summary>The length of a body that it asks for; null: it does not.</summary>
    internal long? BodySize => match.BodySize is { } size ? size.Max ?? size.Over : null;

    /// <summary>Whether it asks what a request is answered.</summary>
    internal bool AsksForResponse => match.Response is not null;

    /// <summary>Whether all of a request is covered.</summary>
    internal bool Covers(HttpOperation request) =>
        (request.Unknown is null || IsNamed(request))
        && (match.Methods.IsEmpty || IsIn(match.Methods, request.Method, StringComparison.Ordinal))
        && (match.Hosts.IsEmpty || IsIn(match.Hosts, request.Host))
        && (match.Paths.IsEmpty || IsIn(match.Paths, request.Path))
        && _query.Covers(request)
        && CoversAll(match.Headers, request.Headers)
        && HttpBodyCondition.Covers(match, request.Body)
        && CoversResponse(request.Response);

    /// <summary>Whether it asks for paths.</summary>
    internal bool NamesPaths => !match.Paths.IsEmpty;

    /// <summary>What of a request it does not cover: the names of what it asks for, and what of that a log may have.</summary>
    internal IEnumerable<string> Misses(HttpOperation request)
    {
        if (!match.Methods.IsEmpty && !IsIn(match.Methods, request.Method, StringComparison.Ordinal))
        {
            yield return NearestRules.Miss("methods", request.Method);
        }

        if (!match.Hosts.IsEmpty && !IsIn(match.Hosts, request.Host))
        {
            yield return NearestRules.Miss("hosts", request.Host);
        }

        if (!match.Paths.IsEmpty && !IsIn(match.Paths, request.Path))
        {
            yield return "paths";
        }

        foreach (string query in _query.Misses(request))
        {
            yield return NearestRules.Miss("query", query);
        }

        foreach (KeyValuePair<string, NamePattern> header in match.Headers.Where(h => !CoversAll([h], request.Headers)))
        {
            yield return NearestRules.Miss("headers", header.Key);
        }

        foreach (string miss in HttpBodyCondition.Misses(match, request.Body))
        {
            yield return miss;
        }

        if (!CoversResponse(request.Response))
        {
            yield return "response";
        }
    }

    /// <summary>Whether any part of a request is touched, or could be.</summary>
    internal bool Touches(HttpOperation request) =>
        TouchesHead(request) && HttpBodyCondition.Touches(match, request.Body) && TouchesResponse(request.Response);

    /// <summary>Whether it hangs on the members of its body what it says to a request.</summary>
    internal bool AsksForBody(HttpOperation request) => !match.Body.IsEmpty && TouchesHead(request);

    // What one server reads so and the next otherwise is covered where just that is named.
    private bool IsNamed(HttpOperation request) => request.Kubernetes is null && IsIn(match.Paths, request.Path);

    private bool TouchesHead(HttpOperation request) =>
        // Methods know case, but not every server does.
        (match.Methods.IsEmpty || IsIn(match.Methods, request.Method, StringComparison.OrdinalIgnoreCase))
        && (match.Hosts.IsEmpty || IsIn(match.Hosts, request.Host))
        && (match.Paths.IsEmpty || MayBeIn(match.Paths, request.Path))
        && _query.Touches(request)
        && TouchesAll(match.Headers, request.Headers);

    // Before it is answered, an allow lets it be made, to be judged then; and what would be shown is not.
    private bool CoversResponse(HttpResponse? response) => match.Response is not { } asked
        || (response is null ? verdict == Verdict.Allow && !unmasks
            : !response.IsAmbiguous && IsStatus(asked, response.Status)
            && (asked.ContentTypes.IsEmpty || (response.ContentType is { } type ? IsIn(asked.ContentTypes, type) : !response.HasBody)));

    // Before it is answered only a deny waits: a mask has to be prepared for.
    private bool TouchesResponse(HttpResponse? response) => match.Response is not { } asked
        || (response is null ? verdict != Verdict.Deny
            : IsStatus(asked, response.Status)
            && (asked.ContentTypes.IsEmpty || response.IsAmbiguous
                || (response.ContentType is { } type ? IsIn(asked.ContentTypes, type) : response.HasBody)));

    private static bool IsStatus(HttpResponseMatchConfig asked, int status)
    {
        foreach (StatusPattern pattern in asked.Statuses)
        {
            if (pattern.Matches(status))
            {
                return true;
            }
        }

        return asked.Statuses.IsEmpty;
    }

    // Each must be there once: of two, nobody knows which one the upstream takes.
    private static bool CoversAll(ImmutableArray<KeyValuePair<string, NamePattern>> named, ImmutableArray<KeyValuePair<string, string>> found)
    {
        foreach ((string name, NamePattern pattern) in named)
        {
            int count = 0;
            foreach ((string other, string value) in found)
            {
                if (LooseFieldName.IsOf(other, name))
                {
                    count++;
                    if (other != name || HttpQuery.IsUnreadable(value) || !pattern.Matches(value))
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
                if (LooseFieldName.IsOf(other, name))
                {
                    count++;
                    matches |= HttpQuery.IsUnreadable(value) || pattern.Matches(value);
                }
            }

            if (count < 2 && !matches)
            {
                return false;
            }
        }

        return true;
    }

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

    private static bool MayBeIn(ImmutableArray<PathPattern> patterns, HttpPath path)
    {
        foreach (PathPattern pattern in patterns)
        {
            if (pattern.MayMatch(path))
            {
                return true;
            }
        }

        return false;
    }

    // All of it, and what it begins with for whoever is behind a proxy that decodes it.
    private static bool IsIn(ImmutableArray<PathPattern> patterns, HttpPath path)
    {
        foreach (HttpPath beginning in path.Beginnings)
        {
            if (!Fits(patterns, beginning))
            {
                return false;
            }
        }

        return Fits(patterns, path);
    }

    private static bool Fits(ImmutableArray<PathPattern> patterns, HttpPath path)
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
