using System.CommandLine;
using System.Text.Json;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <summary><c>wiregate why REF</c></summary>
internal static class WhyCommand
{
    /// <param name="readConfig">Reads <c>admin.socket.path</c> of a config file.</param>
    public static Command Create(Func<string, string> readConfig)
    {
        AdminOptions admin = new(readConfig);
        Argument<string> reference = new("REF") { Description = "The short reference that the refusal carried" };
        Command command = new("why", "Say what lies behind a refusal") { reference };
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            string path = $"v1/why/{Uri.EscapeDataString(parsed.GetRequiredValue(reference))}";
            WhyView why = await client.GetAsync(path, AdminJson.Default.WhyView, cancellationToken);
            admin.Print(parsed, why, AdminJson.Default.WhyView, (output, isTerminal) =>
            {
                List<IReadOnlyList<string?>> rows = [["time", AdminOptions.Show(why.Time)], ["record", $"{why.Chain}/{why.Sequence}"]];
                if (why.Record.ValueKind == JsonValueKind.Object)
                {
                    rows.AddRange(why.Record.EnumerateObject().Select(m => (IReadOnlyList<string?>)[m.Name, m.Value.ToString()]));
                }

                Table.Write(output, isTerminal, ["REFERENCE", why.Reference], rows);
            });
        });
        return command;
    }
}
