using System.Text;
using System.Text.Json;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <content>The form that kubectl reads.</content>
internal sealed partial class MintOutput
{
    /// <summary>Whether the daemon knows who signed the listener's certificate.</summary>
    public bool HasAuthority => Place("kubeconfig").Authority is { Length: > 0 };

    /// <summary>Prints a kubeconfig.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="space">The namespace where none is named; null: kubectl's own.</param>
    /// <param name="authority">Who signed the listener's certificate, in PEM; null: as the daemon says.</param>
    /// <exception cref="CommandException">The target is no cluster, or kubectl would show no token there.</exception>
    public void WriteKubeconfig(TextWriter output, string? space = null, string? authority = null)
    {
        ConnectView place = Place("kubeconfig");
        if (!place.Url!.StartsWith("https:", StringComparison.Ordinal))
        {
            throw new CommandException($"no listener with TLS reaches the target, and kubectl shows a token to no other: wiregate placeholder revoke {Id}");
        }

        string name = Quoted(place.Target), trusted = authority ?? place.Authority ?? "";
        output.WriteLine("apiVersion: v1");
        output.WriteLine("kind: Config");
        output.WriteLine($"current-context: {name}");
        output.WriteLine("clusters:");
        output.WriteLine($"- name: {name}");
        output.WriteLine("  cluster:");
        output.WriteLine($"    server: {Quoted(place.Url.TrimEnd('/'))}");
        if (trusted.Length > 0)
        {
            output.WriteLine($"    certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(trusted))}");
        }

        if (place.Proxy is { } proxy)
        {
            output.WriteLine($"    proxy-url: {Quoted(proxy)}");
        }

        output.WriteLine("contexts:");
        output.WriteLine($"- name: {name}");
        output.WriteLine("  context:");
        output.WriteLine($"    cluster: {name}");
        output.WriteLine($"    user: {name}");
        if (space is not null)
        {
            output.WriteLine($"    namespace: {Quoted(space)}");
        }

        output.WriteLine("users:");
        output.WriteLine($"- name: {name}");
        output.WriteLine("  user:");
        Around(output, "    token: ", "");
    }

    // What JSON quotes YAML reads as the same text.
    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
