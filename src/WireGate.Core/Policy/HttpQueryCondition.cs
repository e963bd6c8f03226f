using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>What a rule says of the parameters of a request.</summary>
internal sealed class HttpQueryCondition(ImmutableArray<KeyValuePair<string, NamePattern>> named)
{
    private readonly Parameter[] _named = [.. named.Select(n => new Parameter(n.Key, new LooseName.Text(Encoding.UTF8.GetBytes(n.Key)), n.Value))];

    /// <summary>Whether each is there once, by its very name, with a value that fits.</summary>
    internal bool Covers(HttpOperation request)
    {
        foreach (ref readonly Parameter parameter in _named.AsSpan())
        {
            if (!Covers(parameter, request))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether each is there, or could be.</summary>
    internal bool Touches(HttpOperation request)
    {
        foreach (ref readonly Parameter parameter in _named.AsSpan())
        {
            if (!Touches(parameter, request.Parameters))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The names of those that are not covered.</summary>
    internal IEnumerable<string> Misses(HttpOperation request) => _named.Where(n => !Covers(n, request)).Select(n => n.Name);

    // Of two, nobody knows which one the upstream takes; and whoever is behind a proxy that decodes a path with an escaped ? or # gets another query.
    private static bool Covers(in Parameter parameter, HttpOperation request)
    {
        LooseParameters all = request.Parameters;
        int count = 0;
        for (int i = 0; i < all.Count; i++)
        {
            if (all.MayBe(i, parameter.Name, parameter.Text))
            {
                count++;
                (string name, string value) = all[i];
                if (name != parameter.Name || HttpQuery.IsUnreadable(value) || !parameter.Pattern.Matches(value))
                {
                    return false;
                }
            }
        }

        return count == 1 && request.Path.Beginnings.IsEmpty;
    }

    private static bool Touches(in Parameter parameter, LooseParameters all)
    {
        int count = 0;
        for (int i = 0; i < all.Count; i++)
        {
            if (all.MayBe(i, parameter.Name, parameter.Text))
            {
                // Behind a = that was escaped in a name is its value to whoever decodes before it parts the two.
                (string name, string value) = all[i];
                if (++count > 1 || HttpQuery.IsUnreadable(value) || parameter.Pattern.Matches(value) || name.Contains('=', StringComparison.Ordinal))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private readonly record struct Parameter(string Name, LooseName.Text Text, NamePattern Pattern);
}
