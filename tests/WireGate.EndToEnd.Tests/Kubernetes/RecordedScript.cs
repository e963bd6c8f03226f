using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>What is asked of a real API server to be recorded, and of the recording.</summary>
internal static class RecordedScript
{
    /// <summary>Lists, which first asks what there is.</summary>
    public static readonly string[] Get = ["get", "pods", "-o", "wide"];

    /// <summary>Sees one change.</summary>
    public static readonly string[] Watch = ["get", "pods", "-w", "-L", "seen"];

    /// <summary>Runs a program, whose input is <see cref="Input"/>.</summary>
    public static readonly string[] Exec = ["exec", "-i", "web-1", "--", "sh", "-c", "tr a-z A-Z; echo oops >&2; exit 7"];

    /// <summary>A log.</summary>
    public static readonly string[] Logs = ["logs", "web-1"];

    public const string Input = "from here\n";

    /// <summary>What the change of a watch is seen by.</summary>
    public const string Change = "by-the-watch";

    public static async Task WatchAsync(KubernetesGateway gateway, string config, Func<Task> change)
    {
        await using RunningProcess watch = gateway.Kubectl(config, Watch);
        await Wait.UntilAsync(() => watch.Output.Contains("web-2", StringComparison.Ordinal), "the pods to be listed");
        await change();
        await Wait.UntilAsync(() => watch.Output.Contains(Change, StringComparison.Ordinal), "the change to be shown");
    }
}
