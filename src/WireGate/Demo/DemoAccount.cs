namespace WireGate.Demo;

/// <summary>
/// Whose the servers of the demo are. PostgreSQL refuses to run as root, and nobody should get a shell of root's for a demo: then they are
/// those of the account that PostgreSQL's package brings.
/// </summary>
internal static class DemoAccount
{
    /// <summary>Its name.</summary>
    public static string Name { get; } = Environment.IsPrivilegedProcess ? "postgres" : Environment.UserName;

    /// <summary>What comes before a command that it is to run.</summary>
    public static string[] Prefix { get; } =
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] : [];

    /// <summary>Gives it a directory.</summary>
    /// <exception cref="DemoException">There is no such account.</exception>
    public static async Task GiveAsync(string directory, CancellationToken cancellation)
    {
        if (Prefix.Length > 0)
        {
            await RequireAsync(["chown", "-R", "postgres:", directory], cancellation);
        }
    }

    /// <summary>Runs a command, which has to succeed.</summary>
    /// <exception cref="DemoException">It did not.</exception>
    public static async Task RequireAsync(IReadOnlyList<string> line, CancellationToken cancellation)
    {
        ChildResult result = await ChildProcess.RunAsync(line, cancellation);
        if (result.ExitCode != 0)
        {
            throw new DemoException($"'{string.Join(' ', line)}' failed:\n{result.Output}");
        }
    }
}
