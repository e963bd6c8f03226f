namespace WireGate.Core.Credentials;

/// <summary>Which placeholders to revoke. What was narrowed from one that matches is revoked with it, whether it matches or not.</summary>
public abstract record RevokeFilter
{
    private RevokeFilter()
    {
    }

    /// <summary>Whether it is named.</summary>
    public abstract bool Matches(Placeholder placeholder);

    /// <summary>The one of this id.</summary>
    /// <param name="Id">The id alone, without <c>wgp_</c>.</param>
    public sealed record ById(string Id) : RevokeFilter
    {
        /// <inheritdoc/>
        public override bool Matches(Placeholder placeholder) => placeholder.Id == Id;
    }

    /// <summary>Every one.</summary>
    public sealed record All : RevokeFilter
    {
        /// <inheritdoc/>
        public override bool Matches(Placeholder placeholder) => true;
    }

    /// <summary>Those that may reach a target, even if others too.</summary>
    /// <param name="Target">The target's name.</param>
    public sealed record ByTarget(string Target) : RevokeFilter
    {
        /// <inheritdoc/>
        public override bool Matches(Placeholder placeholder) => placeholder.Targets.Contains(Target);
    }

    /// <summary>Those minted before a moment.</summary>
    /// <param name="Moment">Exclusive.</param>
    public sealed record ByAge(DateTimeOffset Moment) : RevokeFilter
    {
        /// <inheritdoc/>
        public override bool Matches(Placeholder placeholder) => placeholder.Minted < Moment;
    }
}
