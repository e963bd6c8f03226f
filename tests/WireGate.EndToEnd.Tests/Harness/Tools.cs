namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>How a program ended and what it wrote.</summary>
internal sealed record ToolResult(string Command, int ExitCode, string Output, string Error)
{
    public override string ToString() => $"{Command}\nexit code {ExitCode}\n{Output}\n{Error}";

    /// <summary>Itself, if it ended with 0.</summary>
    public ToolResult Succeeded() => ExitCode == 0 ? this : throw new InvalidOperationException(ToString());
}

/// <summary>Runs real programs to their end.</summary>
internal static class Tools
{
    public static async Task<ToolResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string input = "",
        TimeSpan? limit = null)
    {
        await using RunningProcess process = RunningProcess.Start(Places.Program(program), arguments, environment);
        try
        {
            await process.Input.WriteAsync(input);
            process.Input.Close();
        }
        catch (IOException)
        {
            // It ended before it had read its input: how it ended is the answer.
        }

        int code = await process.WaitForExitAsync(limit);
        return new ToolResult($"{program} {string.Join(' ', arguments)}", code, process.Output, process.Error);
    }

    /// <summary>psql without start-up files, unaligned, tuples only, stopping at the first error.</summary>
    public static Task<ToolResult> PsqlAsync(Endpoint endpoint, string script) =>
        RunAsync("psql", PsqlArguments, endpoint.ToEnvironment(), script);

    /// <summary>The same psql with libpq 18 and whatever a connection string of it can say.</summary>
    public static Task<ToolResult> Psql18Async(Endpoint endpoint, string settings, string script)
    {
        Dictionary<string, string> environment = endpoint.ToEnvironment();
        environment["LD_LIBRARY_PATH"] = Places.Libpq18;
        return RunAsync("psql", [settings, .. PsqlArguments], environment, script);
    }

    public static Task<ToolResult> PythonAsync(string script, Endpoint endpoint) =>
        RunAsync("/usr/bin/python3", [Path.Combine(Places.Clients, script)], endpoint.ToEnvironment());

    public static Task<ToolResult> NodeAsync(string script, Endpoint endpoint)
    {
        Dictionary<string, string> environment = endpoint.ToEnvironment();
        environment["NODE_PATH"] = Places.NodeModules;
        return RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, script)], environment);
    }

    /// <summary>A node program that needs no endpoint.</summary>
    public static Task<ToolResult> NodeAsync(string script, string input) => RunAsync(
        "/usr/bin/env",
        ["node", Path.Combine(Places.Clients, script)],
        new Dictionary<string, string> { ["NODE_PATH"] = Places.NodeModules },
        input);

    public static IReadOnlyList<string> PsqlArguments { get; } = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"];
}
