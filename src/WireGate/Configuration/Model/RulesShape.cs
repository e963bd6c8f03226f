using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Configuration.Model;

/// <summary><c>rules</c>.</summary>
internal sealed class RulesShape : MapShape<RulesConfig>
{
    private readonly Key<Verdict> _default;
    private readonly Key<bool> _builtIn;
    private readonly Key<ImmutableArray<RuleConfig>> _list;
    private readonly Key<ExternalRulesConfig> _external;

    public RulesShape()
    {
        _default = Defaulted(
            "default",
            new ChoiceShape<Verdict>(
                [("deny", Verdict.Deny), ("allow", Verdict.Allow)],
                new Dictionary<string, string> { ["hold"] = "nobody could be asked, write deny, and a rule that holds" }),
            r => r.Default,
            "What happens to what no rule matches: deny (the default), or allow, which still denies what cannot be known.");
        _builtIn = Defaulted("builtIn", new BuiltInShape(), r => r.DeniesCredentialMinting, "The rules that are on without being written.");
        _list = Defaulted("list", new ListShape<RuleConfig>(new RuleShape()), r => r.List, "The rules. Their order means nothing: deny before hold before allow.");
        _external = Optional("external", new ExternalShape(), r => r.External, "A decision point elsewhere, which can only make a decision stricter.");
    }

    protected override RulesConfig Build(MapValues values) => new()
    {
        Default = values.Get(_default, Verdict.Deny),
        DeniesCredentialMinting = values.Get(_builtIn, true),
        List = values.Get(_list, []),
        External = values.GetOrNull(_external),
    };

    private sealed class BuiltInShape : MapShape<bool>
    {
        private readonly Key<bool> _credentialMinting;

        public BuiltInShape()
        {
            _credentialMinting = Defaulted(
                RuleBook.CredentialMinting,
                new ChoiceShape<bool>([("on", true), ("off", false)]),
                on => on,
                "on (the default): denies making credentials that WireGate does not hold, like CREATE ROLE … PASSWORD.");
        }

        protected override bool Build(MapValues values) => values.Get(_credentialMinting, true);
    }

    private sealed class ExternalShape : MapShape<ExternalRulesConfig>
    {
        // Ours: what answers beside the gateway does so in a tenth of it, and every operation waits for it.
        private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMilliseconds(250);

        private readonly Key<Uri> _opa;
        private readonly Key<TimeSpan> _timeout;

        public ExternalShape()
        {
            _opa = Required("opa", new HttpUriShape(), e => e.Opa, "The URL of a rule of an Open Policy Agent.");
            _timeout = Defaulted("timeout", Words.Wait, e => e.Timeout, "How long it may take, 250ms by default; after that the operation is denied.");
        }

        protected override ExternalRulesConfig Build(MapValues values) => new(values.Get(_opa), values.Get(_timeout, DefaultTimeout));
    }
}
