using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Configuration;

/// <summary>Masks that are put on what has nothing of what they hide.</summary>
internal static class MaskWarnings
{
    public static IEnumerable<string> Find(GatewayConfig config) =>
    [
        .. config.Targets.Values.OrderBy(t => t.Name, StringComparer.Ordinal).SelectMany(t => Of(config, t.Mask, [t.Protocol]).Select(w => $"targets.{t.Name}.mask: {w}")),
        .. config.Rules.List.SelectMany((rule, i) => Of(config, rule.Mask, [.. ProtocolsOf(config, rule)]).Select(w => $"rules.list[{i}] ({rule.Name}): {w}")),
    ];

    private static IEnumerable<string> Of(GatewayConfig config, ImmutableArray<string> masks, string[] protocols)
    {
        foreach (string name in masks)
        {
            // What detectors find is hidden everywhere.
            if (config.Masks.TryGetValue(name, out MaskConfig? mask) && mask.Detect.IsEmpty && protocols.Length > 0 && !protocols.Any(p => Hides(mask, p)))
            {
                yield return mask.Json.IsEmpty
                    ? $"{name} hides nothing there, only PostgreSQL has columns: add json or detect"
                    : mask.Columns.IsEmpty ? $"{name} hides nothing there, only HTTP has members of JSON: add columns or detect"
                    : $"{name} hides nothing there, where are neither columns nor members of JSON: add detect";
            }
        }
    }

    private static bool Hides(MaskConfig mask, string protocol) => protocol switch
    {
        RuleReach.Postgres => !mask.Columns.IsEmpty,
        RuleReach.Ssh => false,
        _ => !mask.Json.IsEmpty,
    };

    // A rule that says what of a protocol it is about masks nothing of another.
    private static IEnumerable<string> ProtocolsOf(GatewayConfig config, RuleConfig rule) =>
        RuleReach.ProtocolsOf(config, rule).Where(p => rule.Match.IsOfAnyOperation || p switch
        {
            RuleReach.Postgres => rule.Match.Sql is not null,
            RuleReach.Ssh => rule.Match.Ssh is not null,
            RuleReach.Http => rule.Match.Http is not null,
            RuleReach.Kubernetes => rule.Match.Kubernetes is not null,
            _ => true,
        });
}
