using WireGate.Core.Configuration;

namespace WireGate.Core.Policy;

/// <summary>The names of those who share a limit's operations.</summary>
internal sealed class RateKeys(SessionFacts session)
{
    // Issuers have no ':' in their names, so two identities never share a text.
    private readonly string _identity = session.Identity.ToString();
    private readonly string _session = Guid.NewGuid().ToString();
    private readonly string _placeholder = session.Placeholder ?? session.Identity.ToString();

    internal string Of(Rule rule) => rule.Config.Limit!.By switch
    {
        RateScope.Session => _session,
        RateScope.Placeholder => _placeholder,
        _ => _identity,
    };
}
