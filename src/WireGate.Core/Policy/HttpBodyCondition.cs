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
            int count = 0;
            foreach (HttpBodyField field in body.Fields)
            {
                if (field.Pointer.Equals(pointer))
                {
                    count++;
                    if (!field.IsExact || field.Value is not { } value || !IsIn(values, value))
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
            int count = 0;
            bool matches = false;
            foreach (HttpBodyField field in body.Fields)
            {
                if (field.Pointer.Equals(pointer))
                {
                    count++;

                    // Some servers take a list of one for that one.
                    matches |= field.Value is not { } value || IsIn(values, value) || (field.IsNumber && IsNumberIn(values, value));
                }
            }

            if (count < 2 && !matches)
            {
                return false;
            }
        }

        return true;
    }

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
