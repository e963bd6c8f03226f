using System.CommandLine;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <summary><c>wiregate kubeconfig TARGET</c>: a kubeconfig that holds a new placeholder, and nothing else that anybody could use.</summary>
internal static class KubeconfigCommand
{
    /// <param name="readConfig">Reads <c>admin.socket.path</c> of a config file.</param>
    public static Command Create(Func<string, string> readConfig)
    {
        var admin = new AdminOptions(readConfig);
        Argument<string> target = new("TARGET") { Description = "The cluster" };
        Option<string> subject = new("--subject") { Description = "On whose behalf it is presented", Required = true };
        Option<string[]> groups = new("--group") { Description = "A group of the subject; may be repeated" };
        Option<string?> login = new("--login") { Description = "The login it asks for [default: the grant's]" };
        Option<string?> ttl = AdminOptions.DurationOption("--ttl", "How long it may be presented [default: the config's]");
        Option<string?> session = AdminOptions.DurationOption("--session", "How long a session may live");
        Option<string[]> sources = new("--source") { Description = "A network it may be presented from; may be repeated", HelpName = "CIDR" };
        Option<string?> space = new("--namespace") { Description = "The namespace that kubectl takes where none is named" };
        Option<string?> authority = new("--authority")
        {
            Description = "Who signed the listener's certificate, a PEM file [default: the last in the listener's own]",
            HelpName = "FILE",
        };
        Command command = new("kubeconfig", "Mint a placeholder and print a kubeconfig with it, once")
        {
            target, subject, groups, login, ttl, session, sources, space, authority,
        };
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            string? pem = parsed.GetValue(authority) is { } file ? await ReadAsync(file, cancellationToken) : null;
            MintBody body = new()
            {
                Subject = parsed.GetRequiredValue(subject),
                Groups = parsed.GetValue(groups),
                Targets = [parsed.GetRequiredValue(target)],
                Login = parsed.GetValue(login),
                Ttl = parsed.GetValue(ttl),
                Session = parsed.GetValue(session),
                Sources = parsed.GetValue(sources),
            };
            using MintOutput minted = MintOutput.Read(await client.PostAsync("v1/placeholders", body, AdminJson.Default.MintBody, cancellationToken));
            await PlaceholderCommand.WarnAsync(parsed, minted);
            if (pem is null && !minted.HasAuthority)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(
                    "wiregate: the listener's certificate file does not say who signed it: unless kubectl's system trusts it already, name that: --authority FILE");
            }

            minted.WriteKubeconfig(parsed.InvocationConfiguration.Output, parsed.GetValue(space), pem);
        });
        return command;
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--authority {file}: {e.Message}", e);
        }
    }
}
