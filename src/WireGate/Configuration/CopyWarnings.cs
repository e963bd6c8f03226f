using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Configuration;

/// <summary>Allows of git where other allows let files be written: whoever writes what git reads decides what it is, and by hooks what runs.</summary>
internal static class CopyWarnings
{
    public static IEnumerable<string> Find(GatewayConfig config)
    {
        ImmutableArray<RuleConfig> allows = [.. config.Rules.List.Where(r => r.Do == Verdict.Allow)];
        foreach (RuleConfig git in allows.Where(r => r.Match.Ssh?.Copy is { } copy && IsWith(copy, CopyPrograms.Git)))
        {
            ImmutableArray<PathPattern> read = git.Match.Ssh!.Copy!.Paths;
            if (allows.FirstOrDefault(r => Written(r.Match.Ssh).Any(paths => Meet(read, paths))) is { } writer)
            {
                yield return $"rules.list[{config.Rules.List.IndexOf(git)}] ({git.Name}): {(writer == git ? "it also lets files be written" : $"{writer.Name} lets files be written")} "
                    + "where git looks, and who writes them decides what git reads there and, by hooks, what it runs: keep their paths apart";
            }
        }
    }

    private static bool IsWith(CopyMatchConfig copy, CopyPrograms program) => ((copy.With ?? ~CopyPrograms.None) & program) != 0;

    /// <summary>Paths of each way in which files are written; empty: everywhere.</summary>
    private static IEnumerable<ImmutableArray<PathPattern>> Written(SshMatchConfig? ssh) =>
    [
        .. ssh?.Copy is { } copy && IsWith(copy, CopyPrograms.Scp | CopyPrograms.Rsync) && ((copy.Operations ?? CopyActions.Write) & CopyActions.Write) != 0 ? [copy.Paths] : Array.Empty<ImmutableArray<PathPattern>>(),
        .. ssh?.Sftp is { } sftp && ((sftp.Operations ?? SftpActions.Write) & SftpActions.Write) != 0 ? [sftp.Paths] : Array.Empty<ImmutableArray<PathPattern>>(),
    ];

    private static bool Meet(ImmutableArray<PathPattern> some, ImmutableArray<PathPattern> others) =>
        some.IsEmpty || others.IsEmpty || some.Any(a => others.Any(b => Meet(Plain(a), Plain(b))));

    private static bool Meet(string a, string b) => a.StartsWith(b, StringComparison.Ordinal) || b.StartsWith(a, StringComparison.Ordinal);

    // What is before the first star: where the names begin that it stands for.
    private static string Plain(PathPattern pattern) => pattern.Text.Split('*')[0];
}
