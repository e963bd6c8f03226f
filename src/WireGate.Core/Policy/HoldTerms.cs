using System.Collections.Immutable;

namespace WireGate.Core.Policy;

/// <summary>Who must say yes.</summary>
/// <param name="Issuer">Who vouches for them; null: any issuer that may assert the groups.</param>
/// <param name="Groups">Each of them is in one of these; empty: whoever the issuer vouches for.</param>
/// <param name="Count">So many distinct people.</param>
public sealed record ApproverTerms(string? Issuer, ImmutableArray<string> Groups, int Count)
{
    /// <inheritdoc/>
    public bool Equals(ApproverTerms? other) => other is not null && other.Count == Count && IsOfSamePeople(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Issuer, Groups.Length, Count);

    internal bool IsOfSamePeople(ApproverTerms other) => other.Issuer == Issuer && other.Groups.SequenceEqual(Groups);
}

/// <summary>On what terms an operation waits.</summary>
/// <param name="Approvers">All of these must be met; never empty.</param>
/// <param name="Within">How long it waits.</param>
/// <param name="InTransaction">How long it waits while the client holds a transaction open, with its locks.</param>
public sealed record HoldTerms(ImmutableArray<ApproverTerms> Approvers, TimeSpan Within, TimeSpan InTransaction)
{
    /// <summary>What holds where a rule does not say: long enough to reach somebody.</summary>
    public static readonly TimeSpan DefaultWithin = TimeSpan.FromMinutes(15);

    /// <summary>What holds where a rule does not say: others may wait for the locks.</summary>
    public static readonly TimeSpan DefaultInTransaction = TimeSpan.FromMinutes(2);

    /// <summary>Terms that meet both: everybody's yes, in the shorter time.</summary>
    public HoldTerms And(HoldTerms other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Equals(other))
        {
            return this;
        }

        var approvers = Approvers.ToBuilder();
        foreach (ApproverTerms theirs in other.Approvers)
        {
            int same = IndexOfSamePeople(approvers, theirs);
            if (same < 0)
            {
                approvers.Add(theirs);
            }
            else if (theirs.Count > approvers[same].Count)
            {
                approvers[same] = theirs;
            }
        }

        return new HoldTerms(approvers.ToImmutable(), Shorter(Within, other.Within), Shorter(InTransaction, other.InTransaction));
    }

    /// <inheritdoc/>
    public bool Equals(HoldTerms? other) =>
        other is not null && other.Within == Within && other.InTransaction == InTransaction && other.Approvers.SequenceEqual(Approvers);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Approvers.Length, Within, InTransaction);

    private static int IndexOfSamePeople(ImmutableArray<ApproverTerms>.Builder list, ApproverTerms terms)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (list[i].IsOfSamePeople(terms))
            {
                return i;
            }
        }

        return -1;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
