using System.Collections.Immutable;
using System.Globalization;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>What a rule says of the body of a request. Pure functions.</summary>
internal static class HttpBodyCondition
{
    /// <summary>Whether all of it is covered: each member that is named is there once, with one of its values.</summary>
    internal static bool Covers(HttpMatchConfig match, HttpBody body)
    {
        if (match.BodySize is { } size && !((size.Max is not { } max || body.Most <= max) && size.Over is null))
        {
            return false;
        }

        if (match.Body.IsEmpty || body.IsFavorable)
        {
            return true;
        }

        if (body.Problem is not null)
        {
            return false;
        }

        foreach ((JsonPointer pointer, ImmutableArray<NamePattern> values) in match.Body)
        {
            if (body.Count(pointer, out HttpBodyField field) != 1 || !field.IsExact || field.Value is not { } value || !IsIn(values, value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What of it is not covered.</summary>
    internal static IEnumerable<string> Misses(HttpMatchConfig match, HttpBody body)
    {
        if (!Covers(match with { Body = [] }, body))
        {
            yield return NearestRules.Miss("bodySize", body.Most);
        }

        foreach (KeyValuePair<JsonPointer, ImmutableArray<NamePattern>> member in match.Body)
        {
            if (!Covers(match with { Body = [member], BodySize = null }, body))
            {
                yield return NearestRules.Miss("body", body.Problem ?? member.Key.ToString());
            }
        }
    }

    /// <summary>Whether any of it is touched, or could be.</summary>
    internal static bool Touches(HttpMatchConfig match, HttpBody body)
    {
        if (match.BodySize is { Over: { } over } && body.Most <= over)
        {
            return false;
        }

        if (match.Body.IsEmpty || body.IsFavorable || body.Problem is not null)
        {
            return match.Body.IsEmpty || !body.IsFavorable;
        }

        foreach ((JsonPointer pointer, ImmutableArray<NamePattern> values) in match.Body)
        {
            // Of two, nobody can say which one counts.
            int count = body.Count(pointer, out HttpBodyField field);
            if (count == 0 || (count == 1 && !MayBeIn(values, field)))
            {
                return false;
            }
        }

        return true;
    }

    // Some servers take a list of one for that one.
    private static bool MayBeIn(ImmutableArray<NamePattern> values, in HttpBodyField field) =>
        field.Value is not { } value || IsIn(values, value) || (field.IsNumber && IsNumberIn(values, value));

    private static bool IsIn(ImmutableArray<NamePattern> patterns, string value)
    {
        foreach (NamePattern pattern in patterns)
        {
            if (pattern.Matches(value))
            {
                return true;
            }
        }

        return false;
    }

    // 1e2, 100.0 and 100 are one number.
    private static bool IsNumberIn(ImmutableArray<NamePattern> patterns, string value)
    {
        double number = double.Parse(value, CultureInfo.InvariantCulture);
        foreach (NamePattern pattern in patterns)
        {
            if (double.TryParse(pattern.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double other) && other == number)
            {
                return true;
            }
        }

        return false;
    }
}
