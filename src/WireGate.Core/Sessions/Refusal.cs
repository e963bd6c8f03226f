namespace WireGate.Core.Sessions;

/// <summary>A session that is not to be. The protocol says it in its own words and codes.</summary>
/// <param name="End">Why.</param>
/// <param name="Message">For the client: one line that helps its owner and no guesser.</param>
/// <param name="Detail">For the audit log: what exactly, and what to do.</param>
public sealed record Refusal(SessionEnd End, string Message, string Detail)
{
    /// <summary>What client and audit log have in common.</summary>
    public string Reference { get; } = Sessions.Reference.New();
}
