using System.Collections.Immutable;
using System.Globalization;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>Somebody who decides.</summary>
/// <param name="Identity">Who it is, with the groups of this moment.</param>
/// <param name="UserId">The uid that they came in by.</param>
/// <param name="Source">Where they came in, for the record.</param>
public sealed record Approver(Identity Identity, uint UserId, string? Source = null)
{
    /// <summary>What the same uid is called while the config does not name it.</summary>
    public Identity Account { get; } =
        new() { Issuer = Identity.UnixIssuer, Subject = string.Create(CultureInfo.InvariantCulture, $"uid:{UserId}") };
}

/// <summary>Who is whom, and whose yes counts for what. Pure functions.</summary>
public static class People
{
    /// <summary>
    /// Whether two identities may be one person. The issuers <c>local</c> and <c>unix</c> are this gateway's own: the same subject comes
    /// in by both. In doubt it is one person.
    /// </summary>
    public static bool AreSame(Identity a, Identity b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return (a.Issuer == b.Issuer || (IsOwn(a.Issuer) && IsOwn(b.Issuer))) && string.Equals(a.Subject, b.Subject, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether somebody's yes can count for these terms.</summary>
    public static bool CountsFor(ApproverTerms terms, Identity person)
    {
        ArgumentNullException.ThrowIfNull(terms);
        ArgumentNullException.ThrowIfNull(person);
        return (terms.Issuer is null || terms.Issuer == person.Issuer) && (terms.Groups.IsEmpty || terms.Groups.Any(person.Groups.Contains));
    }

    /// <summary>
    /// Whether these people meet all terms, each of them counted for one place only: whoever is in two groups is still one person.
    /// </summary>
    public static bool Meet(ImmutableArray<ApproverTerms> terms, IReadOnlyList<Identity> yes)
    {
        ArgumentNullException.ThrowIfNull(yes);
        Identity[] people = [.. Distinct(yes)];
        ApproverTerms[] places = [.. terms.SelectMany(t => Enumerable.Repeat(t, Math.Max(t.Count, 1)))];
        if (places.Length == 0 || places.Length > people.Length)
        {
            return false;
        }

        // Which place each person has. A place for which nobody is free asks those who would fit to move on to another.
        int[] placeOf = new int[people.Length];
        Array.Fill(placeOf, -1);
        return Enumerable.Range(0, places.Length).All(place => TryFill(place, places, people, placeOf, new bool[people.Length]));
    }

    private static bool TryFill(int place, ApproverTerms[] places, Identity[] people, int[] placeOf, bool[] asked)
    {
        for (int i = 0; i < people.Length; i++)
        {
            if (asked[i] || !CountsFor(places[place], people[i]))
            {
                continue;
            }

            asked[i] = true;
            if (placeOf[i] < 0 || TryFill(placeOf[i], places, people, placeOf, asked))
            {
                placeOf[i] = place;
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<Identity> Distinct(IReadOnlyList<Identity> all) =>
        all.Where((person, i) => !all.Take(i).Any(earlier => AreSame(earlier, person)));

    private static bool IsOwn(string issuer) => issuer is Identity.LocalIssuer or Identity.UnixIssuer;
}
