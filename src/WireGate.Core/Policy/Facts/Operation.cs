namespace WireGate.Core.Policy.Facts;

/// <summary>One thing that a client asks for, as rules judge it. One record for each protocol's kind of operation. Immutable.</summary>
public abstract record Operation;

/// <summary>One SQL text, at the moment at which it runs.</summary>
/// <param name="Facts">What its text tells.</param>
/// <param name="SearchPath">What names without a schema mean at that moment.</param>
public sealed record SqlOperation(SqlFacts Facts, SqlSearchPath SearchPath) : Operation;
