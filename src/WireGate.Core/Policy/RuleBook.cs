using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;

namespace WireGate.Core.Policy;

/// <summary>The rules of one config, made ready to judge by. What limits have counted lives and dies with it.</summary>
public sealed class RuleBook
{
    /// <summary>Name of the built-in rule that denies making credentials which WireGate does not hold.</summary>
    public const string CredentialMinting = "credential-minting";

    /// <summary>The most masks that a config may have: sets of them are bits.</summary>
    public const int MaxMasks = 64;

    // Not a field of the config: what is made from a config with a change would inherit the book of the one before.
    private static readonly ConditionalWeakTable<GatewayConfig, RuleBook> Books = [];

    private readonly ImmutableArray<Rule> _rules;
    private readonly ImmutableArray<MaskConfig> _masks;
    private readonly ConcurrentDictionary<ulong, MaskSet> _sets = new() { [0] = MaskSet.None };

    private RuleBook(GatewayConfig config)
    {
        Version = config.Version;
        Rules = config.Rules;
        _masks = [.. config.Masks.Values.OrderBy(m => m.Name, StringComparer.Ordinal)];
        if (_masks.Length > MaxMasks)
        {
            throw new ArgumentException($"there are more than {MaxMasks} masks", nameof(config));
        }

        for (int i = 0; i < _masks.Length; i++)
        {
            DetectingMasks |= _masks[i].Detect.IsEmpty ? 0 : 1UL << i;
            BodyMasks |= _masks[i].Detect.IsEmpty && _masks[i].Json.IsEmpty ? 0 : 1UL << i;
        }

        // By name, so that their order in the file means nothing; those that depend on the time last, so that as much as can be is stable.
        _rules =
        [
            .. config.Rules.List
                .OrderBy(r => r.Match.Hours is not null)
                .ThenBy(r => r.Name, StringComparer.Ordinal)
                .Select(r => new Rule(r, BitsOf(r.Mask), BitsOf(r.Unmask))),
        ];
    }

    /// <summary>Version of the config that it was made from.</summary>
    public string Version { get; }

    internal RulesConfig Rules { get; }

    /// <summary>The masks that look for what they hide, wherever it is.</summary>
    internal ulong DetectingMasks { get; }

    /// <summary>The masks that hide anything of a body: members of JSON, or what they look for.</summary>
    internal ulong BodyMasks { get; }

    /// <summary>The book of a config; made once.</summary>
    public static RuleBook Of(GatewayConfig config) => Books.GetValue(config, Compile);

    /// <summary>Makes the rules of a config ready.</summary>
    /// <exception cref="ArgumentException">A rule names a mask that does not exist, or there are too many: the config was not checked.</exception>
    public static RuleBook Compile(GatewayConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new RuleBook(config);
    }

    /// <summary>The rules that can say anything about a session's operations.</summary>
    public SessionRules For(SessionFacts session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new SessionRules(this, session, [.. _rules.Where(r => SessionMatch.IsFor(r.Config.Match, session))], BitsOf(session.Target.Mask));
    }

    /// <inheritdoc/>
    public override string ToString() => Version;

    /// <summary>The one object for these masks.</summary>
    internal MaskSet SetOf(ulong bits)
    {
        if (_sets.TryGetValue(bits, out MaskSet? known))
        {
            return known;
        }

        var masks = ImmutableArray.CreateBuilder<MaskConfig>(BitOperations.PopCount(bits));
        for (ulong rest = bits; rest != 0; rest &= rest - 1)
        {
            masks.Add(_masks[BitOperations.TrailingZeroCount(rest)]);
        }

        return _sets.GetOrAdd(bits, new MaskSet(masks.MoveToImmutable()));
    }

    private ulong BitsOf(ImmutableArray<string> names)
    {
        ulong bits = 0;
        foreach (string name in names)
        {
            int index = IndexOf(name);
            bits |= index >= 0 ? 1UL << index : throw new ArgumentException($"there is no mask {name}");
        }

        return bits;
    }

    private int IndexOf(string mask)
    {
        for (int i = 0; i < _masks.Length; i++)
        {
            if (_masks[i].Name == mask)
            {
                return i;
            }
        }

        return -1;
    }
}
