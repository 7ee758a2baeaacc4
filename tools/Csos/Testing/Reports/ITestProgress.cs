// How a test run is shown while it goes on.

namespace CSharpOS.Tool.Testing.Reports;

/// <summary>Is told about the steps of a run. May be called from several threads.</summary>
public interface ITestProgress
{
    /// <summary>A step begins.</summary>
    void Begin(string step);

    /// <summary>A few words on how far a step is.</summary>
    void Update(string step, string state);

    /// <summary>A step has ended.</summary>
    /// <param name="step">The step.</param>
    /// <param name="passed">Whether all went well.</param>
    /// <param name="summary">A few words.</param>
    void End(string step, bool passed, string summary);
}
